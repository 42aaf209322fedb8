import type { Message } from "@parley/client";
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { nameSoon } from "../state/names.ts";
import { text } from "../text/en.ts";
import { plainText } from "./markup.ts";
import type { RoomContext } from "./room-context.ts";

/** Lines that stay: what was spoken is of no use any more. */
const LINES = 10;

/** Speaks what others say while the room is open, once; never what was said before. For screen readers only. */
export function LiveLog({ context }: { context: RoomContext }) {
  const lines = useSignal<readonly { seq: number; line: string }[]>([]);
  const { room, me } = context;
  useEffect(() => {
    // One after the other: what is spoken keeps the order of the messages.
    let turn = Promise.resolve();
    const speak = async ({ seq, author, body }: Message): Promise<void> => {
      const line = text.room.live(await nameSoon(author), plainText(body));
      lines.value = [...lines.value, { seq, line }].slice(-LINES);
    };
    return room.on("message", (message) => {
      if (message.author.id === me || room.timeline.value.phase !== "live") return;
      turn = turn.then(() => speak(message));
    });
  }, [room, me, lines]);
  return (
    <div class="visually-hidden" role="log" aria-live="polite" aria-relevant="additions">
      {lines.value.map(({ seq, line }) => (
        <p key={seq}>{line}</p>
      ))}
    </div>
  );
}
