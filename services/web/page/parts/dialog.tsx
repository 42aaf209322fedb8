import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { text } from "../text/en.ts";
import { Icon } from "./icon.tsx";

/** Closes a dialog that is about to be removed: only then the browser gives the focus back to where it was. */
function dismiss(dialog: HTMLDialogElement): void {
  dialog.addEventListener("close", (event) => event.stopImmediatePropagation(), { capture: true });
  if (dialog.open) dialog.close();
}

/** A modal dialog; Escape, the cross and a click beside it close it. Focus goes back to where it was. */
export function Dialog(props: { title: string; onClose: () => void; children: ComponentChildren }) {
  const { title, onClose, children } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  // Before the browser gives the focus to a field that asks for it: the place to come back to would be lost.
  useLayoutEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element && dismiss(element);
  }, []);
  return (
    <dialog ref={dialog} class="dialog" aria-label={title} onClose={onClose} {...{ closedby: "any" }}>
      <header class="dialog-header">
        <h2>{title}</h2>
        <button
          type="button"
          class="icon-button"
          aria-label={text.close}
          onClick={() => dialog.current?.close()}
        >
          <Icon name="close" />
        </button>
      </header>
      {children}
    </dialog>
  );
}
