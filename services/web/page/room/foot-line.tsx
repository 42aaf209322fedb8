import type { Timeline } from "@parley/client";
import { Failure } from "../parts/failure.tsx";
import { Icon } from "../parts/icon.tsx";
import { marked, Named } from "../parts/named.tsx";
import { useLive } from "../state/live.ts";
import { nameOf } from "../state/names.ts";
import { text } from "../text/en.ts";
import type { RoomContext } from "./room-context.ts";
import { useSeenBy } from "./seen-by.ts";

/** What could not be done, who else is typing, and who has read what one wrote last. It has its place also while there is nothing to tell. */
export function FootLine({ context, timeline }: { context: RoomContext; timeline: Timeline }) {
  const users = useLive(context.room.typing).filter(({ id }) => id !== context.me);
  const seenBy = useSeenBy(context, timeline);
  const { value: failure } = context.failure;
  return (
    <div class="foot">
      <Failure text={failure} />
      <p class="typing">
        {failure === "" && users.length > 0 && (
          <Named text={text.room.typing(users.map((user) => marked(nameOf(user))))} />
        )}
      </p>
      {seenBy > 0 && (
        <p class="seen">
          <Icon name="check" class="is-tiny" /> {text.room.readBy(seenBy)}
        </p>
      )}
    </div>
  );
}
