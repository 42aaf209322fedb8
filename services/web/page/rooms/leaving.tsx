import { ParleyError, type RoomSummary } from "@parley/client";
import type { Signal } from "@preact/signals";
import type { Question } from "../parts/confirm.tsx";
import { sentenceOf } from "../parts/errors.ts";
import { Icon } from "../parts/icon.tsx";
import { titleOf } from "../parts/room-names.ts";
import { Section } from "../parts/section.tsx";
import { dropRoom } from "../state/inbox.ts";
import { parley } from "../state/parley.ts";
import { go } from "../state/route.ts";
import { screens } from "../text/en-screens.ts";

const words = screens.details;

const tell = (error: unknown): string =>
  error instanceof ParleyError && error.code === "last_owner" ? words.lastOwner : sentenceOf(error);

/** Leaves a room, or deletes it for all. */
export function Leaving({ room, asked }: { room: RoomSummary; asked: Signal<Question | undefined> }) {
  const name = titleOf(room);
  const done = () => {
    dropRoom(room.id);
    go("/", { replace: true });
  };
  const leave = () => {
    asked.value = {
      title: words.leaveTitle(name),
      body: room.kind === "channel" ? words.leaveChannel : words.leaveGroup,
      action: words.leave,
      tell,
      async work() {
        await parley.rooms.get(room.id).leave();
        done();
      },
    };
  };
  const remove = () => {
    asked.value = {
      title: words.deleteTitle(name),
      body: words.deleteBody,
      action: words.deleteAction,
      async work() {
        await parley.rooms.get(room.id).delete();
        done();
      },
    };
  };
  return (
    <Section title={words.leaving}>
      <div class="buttons">
        <button type="button" class="button" onClick={leave}>
          <Icon name="leave" class="is-small" />
          {words.leave}
        </button>
        {room.role === "owner" && (
          <button type="button" class="button is-risky" onClick={remove}>
            <Icon name="trash" class="is-small" />
            {words.delete}
          </button>
        )}
      </div>
    </Section>
  );
}
