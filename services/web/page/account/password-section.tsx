import { ParleyError } from "@parley/client";
import { accountOf } from "@parley/client/account";
import { useSignal } from "@preact/signals";
import { Field } from "../door/field.tsx";
import { sentenceOf } from "../parts/errors.ts";
import { Section } from "../parts/section.tsx";
import { parley } from "../state/parley.ts";
import { me } from "../state/session.ts";
import { useTask } from "../state/task.ts";
import { screens } from "../text/en-screens.ts";

const words = screens.account;

/** Changes the password. */
export function PasswordSection() {
  const task = useTask();
  const told = useSignal("");
  const isWrong = useSignal(false);
  const change = async (form: HTMLFormElement) => {
    const read = (name: string) => String(new FormData(form).get(name) ?? "");
    told.value = "";
    const isDone = await task.run(
      async () => {
        const revoked = await accountOf(parley).changePassword({
          oldPassword: read("oldPassword"),
          newPassword: read("newPassword"),
        });
        told.value = words.changed(revoked);
      },
      (error) => {
        isWrong.value = error instanceof ParleyError && error.code === "wrong_password";
        return isWrong.value ? words.wrong : sentenceOf(error);
      },
    );
    if (isDone) form.reset();
    else form.querySelector<HTMLInputElement>(isWrong.value ? "#oldPassword" : "#newPassword")?.focus();
  };
  const failure = task.failure || undefined;
  return (
    <Section title={words.password} hint={words.passwordHint}>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          void change(event.currentTarget);
        }}
      >
        {/* Tells password managers whose password it is. */}
        <input
          type="text"
          name="username"
          autocomplete="username"
          value={me.value?.username ?? ""}
          readOnly
          hidden
        />
        <div class="pair">
          <Field
            name="oldPassword"
            label={words.oldPassword}
            type="password"
            autocomplete="current-password"
            error={isWrong.value ? failure : undefined}
          />
          <Field
            name="newPassword"
            label={words.newPassword}
            type="password"
            autocomplete="new-password"
            hint={words.newPasswordHint}
            error={isWrong.value ? undefined : failure}
          />
        </div>
        <div class="form-end">
          <p class="told-line" role="status">
            {told.value}
          </p>
          <button type="submit" class="button" aria-busy={task.isBusy}>
            {words.changePassword}
          </button>
        </div>
      </form>
    </Section>
  );
}
