import { accountOf } from "@parley/client/account";
import { useSignal } from "@preact/signals";
import { Failure } from "../parts/failure.tsx";
import { Section } from "../parts/section.tsx";
import { parley } from "../state/parley.ts";
import { me } from "../state/session.ts";
import { useTask } from "../state/task.ts";
import { screens } from "../text/en-screens.ts";
import { DeleteDialog } from "./delete-dialog.tsx";

const words = screens.account;
/** How long the browser may take to begin a download, ms. */
const DOWNLOAD_MS = 10_000;

/** Gives a file to the browser to be saved. */
function download(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.target = "_self";
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), DOWNLOAD_MS);
}

/** What is stored about the user: downloaded, or deleted with the account. */
export function YoursSection() {
  const task = useTask();
  const isDone = useSignal(false);
  const isDeleting = useSignal(false);
  const save = async () => {
    isDone.value = await task.run(async () => {
      const all = await accountOf(parley).export();
      download(`parley-${me.value?.username}.json`, JSON.stringify(all, null, 2));
    });
  };
  return (
    <Section title={words.yours}>
      <div class="line is-plain">
        <p class="line-text">{isDone.value ? words.exported : words.exportBody}</p>
        <button type="button" class="button" aria-busy={task.isBusy} onClick={() => void save()}>
          {words.export}
        </button>
      </div>
      <Failure text={task.failure} />
      <div class="line is-plain">
        <p class="line-text">{words.deleteBody}</p>
        <button
          type="button"
          class="button is-risky"
          onClick={() => {
            isDeleting.value = true;
          }}
        >
          {words.delete}
        </button>
      </div>
      {isDeleting.value && (
        <DeleteDialog
          onClose={() => {
            isDeleting.value = false;
          }}
        />
      )}
    </Section>
  );
}
