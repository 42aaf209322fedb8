import { useSignal } from "@preact/signals";
import { Dialog } from "../parts/dialog.tsx";
import { reasonOf } from "../parts/errors.ts";
import { overlay, removing } from "../state/keys.ts";
import { text } from "../text/en.ts";
import { screens } from "../text/en-screens.ts";

const words = screens.removeMessage;

/** Asks before a message is deleted. */
export function RemoveDialog() {
  const failure = useSignal("");
  if (!removing) return null;
  const { room, message } = removing;
  const close = () => {
    overlay.value = undefined;
  };
  const remove = () =>
    void room.remove(message.seq).then(close, (error) => {
      failure.value = reasonOf(error);
    });
  return (
    <Dialog title={words.title} onClose={close}>
      <blockquote class="body">{message.body.slice(0, 300)}</blockquote>
      <p class="hint">{words.body}</p>
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
