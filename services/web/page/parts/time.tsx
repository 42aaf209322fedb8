import { wholeText } from "./times.ts";

/** A time as a short text; the mouse on it tells the whole. */
export function Time({ at, text }: { at: string; text: string }) {
  return (
    <time
      dateTime={at}
      onPointerEnter={({ currentTarget }) => {
        currentTarget.title = wholeText(at);
      }}
    >
      {text}
    </time>
  );
}
