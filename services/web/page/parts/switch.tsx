import { useId } from "preact/hooks";

type Props = Readonly<{ label: string; hint: string; isOn: boolean; onChange: (isOn: boolean) => void }>;

/** A choice of two that counts at once. */
export function Switch({ label, hint, isOn, onChange }: Props) {
  const id = useId();
  return (
    <label class="line is-switch">
      <span class="line-text">
        <b>{label}</b>
        <span id={id} class="hint">
          {hint}
        </span>
      </span>
      <input
        type="checkbox"
        role="switch"
        aria-label={label}
        aria-describedby={id}
        aria-checked={isOn}
        checked={isOn}
        onChange={({ currentTarget }) => onChange(currentTarget.checked)}
      />
    </label>
  );
}
