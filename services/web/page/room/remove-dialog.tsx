import { useSignal } from "@preact/signals";
import { Dialog } from "../parts/dialog.tsx";
import { reasonOf } from "../parts/errors.ts";
import { text } from "../text/en.ts";
import type { RoomContext } from "./room-context.ts";

/** Asks before a message is deleted. */
export function RemoveDialog({ context }: { context: RoomContext }) {
  const failure = useSignal("");
  const message = context.removing.value;
  if (!message) return null;
  const close = () => {
    failure.value = "";
    context.removing.value = undefined;
  };
  const remove = () =>
    void context.room.remove(message.seq).then(close, (error) => {
      failure.value = reasonOf(error);
    });
  return (
    <Dialog title={text.room.actions.removeTitle} onClose={close}>
      <blockquote class="body">{message.body.slice(0, 300)}</blockquote>
      <p class="hint">{text.room.actions.removeBody}</p>
      {failure.value !== "" && (
        <p class="failure" role="alert">
          {failure.value}
        </p>
      )}
      <div class="dialog-buttons">
        <button type="button" class="button" onClick={close}>
          {text.cancel}
        </button>
        <button type="button" class="button is-danger" onClick={remove}>
          {text.room.actions.remove}
        </button>
      </div>
    </Dialog>
  );
}
