import { ParleyError } from "@parley/client";
import { accountOf } from "@parley/client/account";
import { Field } from "../door/field.tsx";
import { Dialog } from "../parts/dialog.tsx";
import { sentenceOf } from "../parts/errors.ts";
import { parley } from "../state/parley.ts";
import { leaveAfter } from "../state/session.ts";
import { useTask } from "../state/task.ts";
import { text } from "../text/en.ts";
import { screens } from "../text/en-screens.ts";

const words = screens.account;

const tell = (error: unknown): string =>
  error instanceof ParleyError && error.code === "wrong_password" ? words.wrong : sentenceOf(error);

/** Deletes the account, after what it means was read and the password given. */
export function DeleteDialog({ onClose }: { onClose: () => void }) {
  const task = useTask();
  const act = (form: HTMLFormElement) => {
    const password = String(new FormData(form).get("deletePassword") ?? "");
    void task.run(() => leaveAfter(() => accountOf(parley).delete(password)), tell);
  };
  return (
    <Dialog title={words.deleteTitle} onClose={onClose}>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          act(event.currentTarget);
        }}
      >
        <ul class="points">
          {words.deleteList.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
        <Field
          name="deletePassword"
          label={words.deletePassword}
          type="password"
          autocomplete="current-password"
          error={task.failure || undefined}
        />
        <div class="dialog-buttons">
          <button type="button" class="button" onClick={onClose}>
            {text.cancel}
          </button>
          <button type="submit" class="button is-danger" aria-busy={task.isBusy}>
            {words.deleteAction}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
