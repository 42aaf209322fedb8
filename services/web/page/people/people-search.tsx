import type { Profile } from "@parley/client";
import { useSignal } from "@preact/signals";
import { useEffect, useId, useRef } from "preact/hooks";
import { Failure } from "../parts/failure.tsx";
import { Person } from "../parts/person.tsx";
import { screens } from "../text/en-screens.ts";
import { usePeople } from "./use-people.ts";

/** People shown at once. */
const SHOWN = 8;
const words = screens.people;

type Props = Readonly<{
  label?: string;
  /** Ids of those who are not offered. */
  without: readonly string[];
  hasFocus?: boolean;
  onPick: (user: Profile) => void;
}>;

/** A field that finds people by name; arrows and Enter choose one. */
export function PeopleSearch({ label = words.search, without, hasFocus = false, onPick }: Props) {
  const id = useId();
  const field = useRef<HTMLInputElement>(null);
  const query = useSignal("");
  const chosen = useSignal(0);
  const { found, failure } = usePeople(query.value.trim());
  const people = (found?.people ?? []).filter((one) => !without.includes(one.id)).slice(0, SHOWN);
  useEffect(() => {
    if (hasFocus) field.current?.focus();
  }, []);
  const pick = (user: Profile) => {
    query.value = "";
    chosen.value = 0;
    field.current?.focus();
    onPick(user);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const user = people[chosen.value];
    if (step !== undefined && people.length > 0)
      chosen.value = (chosen.value + step + people.length) % people.length;
    else if (event.key === "Enter") user && pick(user);
    else if (event.key === "Escape" && query.value !== "") query.value = "";
    else return;
    event.preventDefault();
  };
  const isOpen = people.length > 0;
  return (
    <div class="form-field">
      <label for={id}>{label}</label>
      <input
        ref={field}
        id={id}
        class="input"
        role="combobox"
        autocomplete="off"
        autocapitalize="none"
        spellcheck={false}
        aria-autocomplete="list"
        aria-expanded={isOpen}
        aria-controls={isOpen ? `${id}-list` : undefined}
        aria-activedescendant={isOpen ? `${id}-${chosen.value}` : undefined}
        aria-describedby={`${id}-told`}
        value={query.value}
        onInput={({ currentTarget }) => {
          query.value = currentTarget.value;
          chosen.value = 0;
        }}
        onKeyDown={onKeyDown}
      />
      {isOpen && (
        <div id={`${id}-list`} class="choices" role="listbox" aria-label={label}>
          {people.map((user, i) => (
            <button
              key={user.id}
              id={`${id}-${i}`}
              type="button"
              role="option"
              tabIndex={-1}
              aria-selected={i === chosen.value}
              onClick={() => pick(user)}
            >
              <Person user={user} name={user.displayName ?? user.username} />
            </button>
          ))}
        </div>
      )}
      <p id={`${id}-told`} class={isOpen ? "visually-hidden" : "hint"} role="status">
        {isOpen ? words.found(people.length) : found ? words.none(found.name) : words.hint}
      </p>
      <Failure text={failure} />
    </div>
  );
}
