import { useSignal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import { Notice } from "../parts/notice.tsx";
import { text } from "../text/en.ts";

/** A screen whose script is loaded when it is shown first. Give it a `key` of the screen. */
export function LazyScreen({ load }: { load: () => Promise<ComponentType> }) {
  const screen = useSignal<{ Screen: ComponentType } | undefined>(undefined);
  const hasFailed = useSignal(false);
  useEffect(() => {
    load().then(
      (Screen) => {
        screen.value = { Screen };
      },
      () => {
        hasFailed.value = true;
      },
    );
  }, []);
  if (hasFailed.value)
    return (
      <main class="screen">
        <Notice title={text.unloaded} body={text.door.unreachable}>
          <button type="button" class="button is-main" onClick={() => location.reload()}>
            {text.tryAgain}
          </button>
        </Notice>
      </main>
    );
  const { Screen } = screen.value ?? {};
  return Screen ? <Screen /> : null;
}
