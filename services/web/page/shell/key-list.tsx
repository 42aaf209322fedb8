import { Dialog } from "../parts/dialog.tsx";
import { overlay } from "../state/keys.ts";
import { screens } from "../text/en-screens.ts";

const words = screens.keys;
const KEYS: readonly (readonly [keys: string, what: string])[] = [
  ["Ctrl K", words.switch],
  ["Enter", words.send],
  ["Shift Enter", words.newLine],
  ["@ :", words.complete],
  ["↑", words.editLast],
  ["Shift Tab", words.toMessages],
  ["↑ ↓ Home End", words.move],
  ["Enter", words.actions],
  ["Esc", words.leave],
  ["?", words.help],
];

/** The keys that the page knows. */
export function KeyList() {
  return (
    <Dialog
      title={words.title}
      onClose={() => {
        overlay.value = undefined;
      }}
    >
      <dl class="keys">
        {KEYS.map(([keys, what]) => (
          <div key={what}>
            <dt>
              {keys.split(" ").map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
