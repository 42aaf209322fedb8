import type { RoomSummary } from "@parley/client";
import { useSignal } from "@preact/signals";
import { Field } from "../door/field.tsx";
import { takeRoom } from "../state/inbox.ts";
import { parley } from "../state/parley.ts";
import { useTask } from "../state/task.ts";
import { screens } from "../text/en-screens.ts";

const words = screens.details;

/** Gives a room another name. */
export function Rename({ room }: { room: RoomSummary }) {
  const task = useTask();
  const isSaved = useSignal(false);
  const save = async (title: string) => {
    isSaved.value = await task.run(async () => takeRoom(await parley.rooms.get(room.id).update({ title })));
  };
  return (
    <form
      class="section inline-form"
      onSubmit={(event) => {
        event.preventDefault();
        const title = String(new FormData(event.currentTarget).get("title") ?? "").trim();
        if (title !== "" && title !== room.title) void save(title);
      }}
    >
      <Field
        name="title"
        label={words.name}
        autocomplete="off"
        lengthMax={100}
        initial={room.title ?? ""}
        error={task.failure || undefined}
      />
      <button type="submit" class="button" aria-busy={task.isBusy}>
        {words.save}
      </button>
      <p class="visually-hidden" role="status">
        {isSaved.value ? words.saved : ""}
      </p>
    </form>
  );
}
