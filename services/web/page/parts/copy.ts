/** Copies a text, as `copyFrom` does; the focus stays where it is. */
export async function copyText(value: string): Promise<void> {
  const before = document.activeElement as HTMLElement | null;
  const field = Object.assign(document.createElement("input"), { value, className: "visually-hidden" });
  document.body.append(field);
  await copyFrom(field).finally(() => field.remove());
  before?.focus({ preventScroll: true });
}

/** Copies the text of a field, also where the page is served over plain HTTP and has no clipboard. */
export async function copyFrom(field: HTMLInputElement): Promise<void> {
  field.select();
  if (navigator.clipboard) await navigator.clipboard.writeText(field.value);
  else document.execCommand("copy");
}
