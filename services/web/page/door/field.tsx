import type { ComponentChildren } from "preact";

type Props = Readonly<{
  name: string;
  label: string;
  hint?: string;
  error?: string | undefined;
  type?: "text" | "password";
  autocomplete: string;
  isRequired?: boolean;
  /** Characters at most. */
  lengthMax?: number;
  /** What it holds at first. */
  initial?: string | undefined;
  /** Beside the field. */
  children?: ComponentChildren;
}>;

/** A labelled field of a form, with what is wrong with it. */
export function Field({
  name,
  label,
  hint,
  error,
  type = "text",
  autocomplete,
  isRequired = true,
  lengthMax,
  initial,
  children,
}: Props) {
  const told = error ?? hint;
  return (
    <div class="form-field">
      <label for={name}>{label}</label>
      <div class="form-input">
        <input
          id={name}
          name={name}
          class="input"
          // Its types want one literal.
          type={type as "text"}
          autocomplete={autocomplete}
          autocapitalize="none"
          spellcheck={false}
          required={isRequired}
          maxLength={lengthMax}
          defaultValue={initial}
          aria-invalid={error !== undefined}
          aria-describedby={told && `${name}-told`}
        />
        {children}
      </div>
      {told && (
        <p id={`${name}-told`} class={error ? "failure" : "hint"}>
          {told}
        </p>
      )}
    </div>
  );
}
