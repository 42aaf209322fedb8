import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { nameOf } from "../state/names.ts";
import { text } from "../text/en.ts";
import { plainText } from "./markup.ts";
import type { RoomContext } from "./room-context.ts";

/** Lines that stay: what was spoken is of no use any more. */
const LINES = 10;

/** Speaks what others say while the room is open, once; never what was said before. For screen readers only. */
export function LiveLog({ context }: { context: RoomContext }) {
  const lines = useSignal<readonly { seq: number; line: string }[]>([]);
  const { room, me } = context;
  useEffect(
    () =>
      room.on("message", ({ seq, author, body }) => {
        if (author.id === me || room.timeline.value.phase !== "live") return;
        lines.value = [...lines.value, { seq, line: text.room.live(nameOf(author), plainText(body)) }].slice(
          -LINES,
        );
      }),
    [room, me, lines],
  );
  return (
    <div class="visually-hidden" role="log" aria-live="polite" aria-relevant="additions">
      {lines.value.map(({ seq, line }) => (
        <p key={seq}>{line}</p>
      ))}
    </div>
  );
}
