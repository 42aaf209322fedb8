import { useSignal } from "@preact/signals";
import { Mark } from "../parts/mark.tsx";
import { signIn, wasEnded } from "../state/session.ts";
import { text } from "../text/en.ts";
import { type DoorError, doorErrorOf } from "./door-error.ts";
import { Field } from "./field.tsx";

const words = text.door;

/** Sign in, or make an account. */
export function Door() {
  const isNew = useSignal(false);
  const isBusy = useSignal(false);
  const isShown = useSignal(false);
  const error = useSignal<DoorError | undefined>(undefined);
  const submit = async (form: HTMLFormElement) => {
    if (isBusy.value) return;
    const read = (name: string) => String(new FormData(form).get(name) ?? "");
    const displayName = read("displayName").trim();
    isBusy.value = true;
    error.value = undefined;
    try {
      await signIn({
        isNew: isNew.value,
        username: read("username").trim(),
        password: read("password"),
        ...(displayName !== "" && { displayName }),
      });
    } catch (refusal) {
      error.value = doorErrorOf(refusal);
      isBusy.value = false;
      const { field = "username" } = error.value;
      form.querySelector<HTMLInputElement>(`[name=${field}]`)?.focus();
    }
  };
  const of = (field: DoorError["field"]) => (error.value?.field === field ? error.value?.message : undefined);
  return (
    <main class="door">
      <form
        class="door-card"
        onSubmit={(event) => {
          event.preventDefault();
          void submit(event.currentTarget);
        }}
      >
        <div class="door-brand">
          <Mark size={36} />
          <div>
            <p class="door-name">{text.name}</p>
            <p class="hint">{text.tagline}</p>
          </div>
        </div>
        <h1>{isNew.value ? words.register : words.signIn}</h1>
        {wasEnded.value && !error.value && (
          <p class="told" role="status">
            {words.ended}
          </p>
        )}
        <Field
          name="username"
          label={words.username}
          autocomplete="username"
          error={of("username")}
          {...(isNew.value && { hint: words.usernameHint })}
        />
        {isNew.value && (
          <Field
            name="displayName"
            label={words.displayName}
            hint={words.displayNameHint}
            autocomplete="name"
            isRequired={false}
            error={of("displayName")}
          />
        )}
        <Field
          name="password"
          label={words.password}
          type={isShown.value ? "text" : "password"}
          autocomplete={isNew.value ? "new-password" : "current-password"}
          error={of("password")}
          {...(isNew.value && { hint: words.passwordHint })}
        >
          <button
            type="button"
            class="link-button form-show"
            aria-pressed={isShown.value}
            onClick={() => {
              isShown.value = !isShown.value;
            }}
          >
            {isShown.value ? words.hide : words.show}
          </button>
        </Field>
        {error.value && !error.value.field && (
          <p class="failure" role="alert">
            {error.value.message}
          </p>
        )}
        <button type="submit" class="button is-main is-wide" aria-busy={isBusy.value}>
          {isBusy.value ? words.busy : isNew.value ? words.register : words.signIn}
        </button>
        <button
          type="button"
          class="link-button"
          onClick={() => {
            isNew.value = !isNew.value;
            error.value = undefined;
          }}
        >
          {isNew.value ? words.toSignIn : words.toRegister}
        </button>
      </form>
    </main>
  );
}
