import { useLayoutEffect, useRef } from "preact/hooks";
import { Avatar } from "../parts/avatar.tsx";
import { text } from "../text/en.ts";
import type { Choice } from "./choices.ts";
import type { Completion } from "./completion.ts";

const words = text.composer;
type Props = Readonly<{ completion: Completion; onPick: (one: Choice) => void }>;

/** The people or the emoji that can take the place of what is being written, over the text field. */
export function CompletionList({ completion, onPick }: Props) {
  const {
    attributes,
    choices: { value: choices },
    chosen: { value: chosen },
  } = completion;
  const list = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => list.current?.children[chosen]?.scrollIntoView({ block: "nearest" }), [chosen]);
  return (
    <>
      <p class="visually-hidden" role="status">
        {choices.length > 0 && words.choices(choices.length)}
      </p>
      {choices.length > 0 && (
        <div
          ref={list}
          id={attributes["aria-controls"]}
          class="completions"
          role="listbox"
          aria-label={words.completions}
          // The text field keeps the focus.
          onMouseDown={(event) => event.preventDefault()}
        >
          {choices.map((one, i) => (
            <button
              key={one.key}
              id={`${attributes["aria-controls"]}-${i}`}
              type="button"
              role="option"
              tabIndex={-1}
              aria-selected={i === chosen}
              onClick={() => onPick(one)}
            >
              {one.user && <Avatar user={one.user} class="is-small" />}
              <span>{one.label}</span>
              <span class="hint">{one.hint}</span>
            </button>
          ))}
        </div>
      )}
    </>
  );
}
