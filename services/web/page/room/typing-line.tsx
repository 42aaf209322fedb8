import { useLive } from "../state/live.ts";
import { nameOf } from "../state/names.ts";
import { text } from "../text/en.ts";
import type { RoomContext } from "./room-context.ts";

/** Who else is typing. It has its place also while nobody is. */
export function TypingLine({ context }: { context: RoomContext }) {
  const users = useLive(context.room.typing).filter(({ id }) => id !== context.me);
  return <p class="typing">{users.length > 0 && text.room.typing(users.map(nameOf))}</p>;
}
