import { signal } from "@preact/signals";
import type { Choice } from "./choices.ts";
import type { RoomContext } from "./room-context.ts";
import { type Trigger, triggerAt } from "./trigger.ts";

/** The list's id; each choice's is this and its number. */
const LIST = "completions";

/** Completes names of people and emoji while they are written. What finds them is loaded when it is needed first. */
export class Completion {
  readonly choices = signal<readonly Choice[]>([]);
  readonly chosen = signal(0);
  readonly #context: RoomContext;
  #trigger: Trigger | undefined;
  /** Where what Escape has left alone begins. */
  #left: number | undefined;
  #search = new AbortController();

  constructor(context: RoomContext) {
    this.#context = context;
  }

  /** What tells screen readers of the list, on the text field. */
  get attributes() {
    const isOpen = this.choices.value.length > 0;
    return {
      "aria-autocomplete": "list",
      "aria-controls": isOpen ? LIST : undefined,
      "aria-activedescendant": isOpen ? `${LIST}-${this.chosen.value}` : undefined,
    } as const;
  }

  /** Looks at what is before the caret now. */
  look({ value, selectionStart, selectionEnd }: HTMLTextAreaElement): void {
    const trigger = selectionStart === selectionEnd ? triggerAt(value, selectionStart) : undefined;
    if (trigger?.start !== this.#left) this.#left = undefined;
    const before = this.#trigger;
    if (trigger && trigger.start === before?.start && trigger.query === before.query) return;
    this.close();
    if (!trigger || this.#left !== undefined) return;
    this.#trigger = trigger;
    const { signal } = this.#search;
    import("./choices.ts")
      .then(({ choicesOf }) => choicesOf(trigger, this.#context, signal))
      .then((choices) => {
        if (!signal.aborted) this.choices.value = choices;
      })
      .catch(() => undefined);
  }

  close(): void {
    this.#search.abort();
    this.#search = new AbortController();
    this.#trigger = undefined;
    this.choices.value = [];
    this.chosen.value = 0;
  }

  /** Takes the keys of an open list. Returns whether the key was one; `write` gets the text after a choice. */
  takeKey(event: KeyboardEvent, write: (text: string) => void): boolean {
    const { choices, chosen } = this;
    const total = choices.value.length;
    const choice = choices.value[chosen.value];
    if (!choice || event.shiftKey || event.ctrlKey || event.metaKey || event.altKey) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) chosen.value = (chosen.value + step + total) % total;
    else if (event.key === "Enter" || event.key === "Tab")
      this.pick(choice, event.currentTarget as HTMLTextAreaElement, write);
    else if (event.key === "Escape") {
      this.#left = this.#trigger?.start;
      this.close();
    } else return false;
    event.preventDefault();
    return true;
  }

  /** Puts a choice in the place of what was looked at, and the caret behind the space that follows it. */
  pick({ insert }: Choice, field: HTMLTextAreaElement, write: (text: string) => void): void {
    if (!this.#trigger) return;
    const { start, query } = this.#trigger;
    const end = start + 1 + query.length;
    field.setRangeText(`${insert} `, start, field.value[end] === " " ? end + 1 : end, "end");
    this.close();
    write(field.value);
  }
}
