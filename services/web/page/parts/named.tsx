/** A name inside a text, marked (FSI, PDI) until `Named` shows it: a name from right to left turns nothing around it. */
export const marked = (name: string): string => `\u2068${name}\u2069`;

/** A text of text/ whose names were `marked`: each is isolated from the direction of the rest. */
export function Named({ text }: { text: string }) {
  const parts = text.split(/\u2068([^\u2069]*)\u2069/);
  return <>{parts.map((part, i) => (i % 2 === 1 ? <bdi key={i}>{part}</bdi> : part))}</>;
}
