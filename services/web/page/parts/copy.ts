/** Copies the text of a field, also where the page is served over plain HTTP and has no clipboard. */
export async function copyFrom(field: HTMLInputElement): Promise<void> {
  field.select();
  if (navigator.clipboard) await navigator.clipboard.writeText(field.value);
  else document.execCommand("copy");
}
