import { Icon } from "../parts/icon.tsx";
import { marked, Named } from "../parts/named.tsx";
import { nameOf } from "../state/names.ts";
import { text } from "../text/en.ts";
import type { RoomContext } from "./room-context.ts";

const words = text.composer;

/** What the text field is for, if it is not for a new message. */
export function ComposerMode({ context, onCancel }: { context: RoomContext; onCancel: () => void }) {
  const { value } = context.composing;
  if (value.kind === "new") return null;
  return (
    <p class="mode">
      <Icon name={value.kind} class="is-small" />
      <span>
        <Named
          text={value.kind === "edit" ? words.editing : words.replying(marked(nameOf(value.message.author)))}
        />
      </span>
      <q dir="auto">{value.message.body.slice(0, 120)}</q>
      <button type="button" class="icon-button" aria-label={text.cancel} onClick={onCancel}>
        <Icon name="close" class="is-small" />
      </button>
    </p>
  );
}
