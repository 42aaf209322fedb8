import type { Message } from "@parley/client";
import { text } from "../text/en.ts";
import type { RoomContext } from "./room-context.ts";

/** As a picture: the server stores no variation selector, and some emoji are drawn as text without it. */
const drawn = (emoji: string): string =>
  /^\p{Emoji}$/u.test(emoji) && !/\p{Emoji_Presentation}/u.test(emoji) ? `${emoji}\uFE0F` : emoji;

/** The reactions under a message; a click adds or takes back one's own. */
export function Reactions({ message, context }: { message: Message; context: RoomContext }) {
  const { reactions = [], seq } = message;
  if (reactions.length === 0) return null;
  const react = (emoji: string, on: boolean) => void context.room.react(seq, emoji, on).catch(context.tell);
  return (
    <div class="reactions">
      {reactions.map(({ emoji, count, mine }) => (
        <button
          key={emoji}
          type="button"
          class={mine ? "reaction is-mine" : "reaction"}
          aria-pressed={mine}
          aria-label={`${mine ? text.room.actions.undo(emoji) : text.room.actions.reactWith(emoji)}, ${count}`}
          onClick={() => react(emoji, !mine)}
        >
          <span>{drawn(emoji)}</span> {count}
        </button>
      ))}
    </div>
  );
}
