import { accountOf } from "@parley/client/account";
import { useSignal } from "@preact/signals";
import { Field } from "../door/field.tsx";
import { Avatar } from "../parts/avatar.tsx";
import { Section } from "../parts/section.tsx";
import { learn } from "../state/names.ts";
import { parley } from "../state/parley.ts";
import { me, takeProfile } from "../state/session.ts";
import { useTask } from "../state/task.ts";
import { screens } from "../text/en-screens.ts";

const words = screens.account;

/** The name that others see. */
export function ProfileSection() {
  const task = useTask();
  const isSaved = useSignal(false);
  const user = me.value;
  if (!user) return null;
  const save = async (displayName: string) => {
    isSaved.value = false;
    isSaved.value = await task.run(async () => {
      const profile = await accountOf(parley).rename(displayName);
      takeProfile(profile);
      learn([profile]);
    });
  };
  return (
    <Section title={words.profile}>
      <form
        class="profile"
        onSubmit={(event) => {
          event.preventDefault();
          const name = String(new FormData(event.currentTarget).get("displayName") ?? "").trim();
          if (name !== "") void save(name);
        }}
      >
        <Avatar user={user} class="is-large" />
        <div class="inline-form">
          <Field
            // The name of a session that was opened by cookie comes a moment later.
            key={user.displayName}
            name="displayName"
            label={words.displayName}
            autocomplete="name"
            initial={user.displayName ?? user.username}
            error={task.failure || undefined}
          />
          <button type="submit" class="button" aria-busy={task.isBusy}>
            {words.save}
          </button>
        </div>
      </form>
      <p class="told-line" role="status">
        {isSaved.value ? words.saved : ""}
      </p>
      <p class="hint">{words.username(user.username)}</p>
    </Section>
  );
}
