import { useSignal } from "@preact/signals";
import "../styles/emoji.css";
import { Dialog } from "../parts/dialog.tsx";
import { overlay, takeEmoji } from "../state/keys.ts";
import { screens } from "../text/en-screens.ts";
import { findEmoji } from "./emoji-list.ts";

/** Emoji that are drawn at once; more come when the end is near, px. */
const PAGE = 160;
const NEAR_END = 200;
const words = screens.emoji;

/** Moves the focus in the grid; from its first line up, or by a letter, to the text field. */
function moveInGrid(event: KeyboardEvent): void {
  const grid = event.currentTarget as HTMLElement;
  const all = [...grid.querySelectorAll("button")];
  const field = grid.parentElement?.querySelector("input");
  const columns = all.filter(({ offsetTop }) => offsetTop === all[0]?.offsetTop).length;
  const at = all.indexOf(document.activeElement as HTMLButtonElement);
  const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns }[event.key];
  if (step !== undefined) {
    event.preventDefault();
    if (at + step < 0) field?.focus();
    else all[Math.min(at + step, all.length - 1)]?.focus();
  } else if (event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey) field?.focus();
}

/** All emoji, with a field that finds them by name. What is picked goes to who opened it. */
export function EmojiDialog() {
  const query = useSignal("");
  const shown = useSignal(PAGE);
  const found = findEmoji(query.value);
  const close = () => {
    overlay.value = undefined;
  };
  const pick = (emoji: string) => {
    close();
    takeEmoji(emoji);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const { parentElement } = event.currentTarget as HTMLElement;
    const [best] = found;
    if (event.key === "ArrowDown") parentElement?.querySelector<HTMLElement>(".emoji-grid button")?.focus();
    else if (event.key === "Enter" && best) pick(best.emoji);
    else return;
    event.preventDefault();
  };
  return (
    <Dialog title={words.title} onClose={close}>
      <input
        class="input"
        type="search"
        autoFocus
        aria-label={words.label}
        placeholder={words.label}
        value={query.value}
        onInput={({ currentTarget }) => {
          query.value = currentTarget.value;
          shown.value = PAGE;
        }}
        onKeyDown={onKeyDown}
      />
      <p class="hint" role="status">
        {query.value.trim() === "" ? words.hint : words.found(found.length)}
      </p>
      <div
        class="emoji-grid"
        role="toolbar"
        aria-label={words.title}
        onKeyDown={moveInGrid}
        onScroll={({ currentTarget: { scrollTop, clientHeight, scrollHeight } }) => {
          if (scrollTop + clientHeight > scrollHeight - NEAR_END) shown.value += PAGE;
        }}
      >
        {found.slice(0, shown.value).map(({ emoji, names: [name] }, i) => (
          <button
            key={emoji}
            type="button"
            tabIndex={i === 0 ? 0 : -1}
            title={name.replaceAll("_", " ")}
            aria-label={name.replaceAll("_", " ")}
            onClick={() => pick(emoji)}
          >
            {emoji}
          </button>
        ))}
      </div>
    </Dialog>
  );
}
