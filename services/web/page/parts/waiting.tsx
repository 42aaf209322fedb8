import type { Loaded } from "../state/load.ts";
import { text } from "../text/en.ts";
import { sentenceOf } from "./errors.ts";

/** Stands for what is on its way, or says why it does not come. */
export function Waiting({ of }: { of: Omit<Loaded<unknown>, "set"> }) {
  if (of.value !== undefined) return null;
  if (of.error === undefined)
    return (
      <div class="lines" role="status">
        <span class="visually-hidden">{text.loading}</span>
        <i />
        <i />
        <i />
      </div>
    );
  return (
    <div class="unloaded" role="alert">
      <p>
        <b>{text.unloaded}.</b> {sentenceOf(of.error)}
      </p>
      <button type="button" class="button" onClick={of.reload}>
        {text.tryAgain}
      </button>
    </div>
  );
}
