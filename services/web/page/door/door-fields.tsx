import { useSignal } from "@preact/signals";
import { text } from "../text/en.ts";
import type { DoorError } from "./door-error.ts";
import { Field } from "./field.tsx";

const words = text.door;

type Props = Readonly<{
  /** For a new account. */
  isNew: boolean;
  /** A new account needs the code of a link. */
  needsCode: boolean;
  /** What is wrong with a field. */
  errorOf: (field: DoorError["field"]) => string | undefined;
}>;

/** The fields of the door. */
export function DoorFields({ isNew, needsCode, errorOf }: Props) {
  const isShown = useSignal(false);
  return (
    <>
      <Field
        name="username"
        label={words.username}
        autocomplete="username"
        error={errorOf("username")}
        {...(isNew && { hint: words.usernameHint })}
      />
      {isNew && (
        <Field
          name="displayName"
          label={words.displayName}
          hint={words.displayNameHint}
          autocomplete="name"
          isRequired={false}
          error={errorOf("displayName")}
        />
      )}
      <Field
        name="password"
        label={words.password}
        type={isShown.value ? "text" : "password"}
        autocomplete={isNew ? "new-password" : "current-password"}
        error={errorOf("password")}
        {...(isNew && { hint: words.passwordHint })}
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
      {needsCode && (
        <Field
          name="invite"
          label={words.invite}
          hint={words.inviteHint}
          autocomplete="off"
          error={errorOf("invite")}
        />
      )}
    </>
  );
}
