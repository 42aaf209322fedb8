/** Copies a text, also where the page is served over plain HTTP and has no clipboard; the focus stays where it is. Rejects if the browser refuses. */
export async function copyText(value: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(value);
  const before = document.activeElement as HTMLElement | null;
  // Not an input: Chromium copies nothing out of one that is so small.
  const field = Object.assign(document.createElement("textarea"), { value, className: "visually-hidden" });
  document.body.append(field);
  field.select();
  const isCopied = document.execCommand("copy");
  field.remove();
  // At once: what had the focus may be drawn only as long as it has it.
  before?.focus({ preventScroll: true });
  if (!isCopied) throw new Error("refused");
}
