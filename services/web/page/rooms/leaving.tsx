import type { RoomSummary } from "@parley/client";
import { type Signal, useSignal } from "@preact/signals";
import type { Question } from "../parts/confirm.tsx";
import { Icon } from "../parts/icon.tsx";
import { titleOf } from "../parts/room-names.ts";
import { Section } from "../parts/section.tsx";
import { dropRoom } from "../state/inbox.ts";
import { parley } from "../state/parley.ts";
import { go } from "../state/route.ts";
import { screens } from "../text/en-screens.ts";
import { LeaveDialog } from "./leave-dialog.tsx";

const words = screens.details;

/** Leaves a room, or deletes it for all. */
export function Leaving({ room, asked }: { room: RoomSummary; asked: Signal<Question | undefined> }) {
  const name = titleOf(room);
  const isLeaving = useSignal(false);
  const done = () => {
    dropRoom(room.id);
    go("/", { replace: true });
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
        <button
          type="button"
          class="button"
          onClick={() => {
            isLeaving.value = true;
          }}
        >
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
      {isLeaving.value && (
        <LeaveDialog
          room={room}
          onLeft={done}
          onClose={() => {
            isLeaving.value = false;
          }}
        />
      )}
    </Section>
  );
}
