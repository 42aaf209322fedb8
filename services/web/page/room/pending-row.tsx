import type { Message, Pending } from "@parley/client";
import { Avatar } from "../parts/avatar.tsx";
import { reasonOf } from "../parts/errors.ts";
import { Icon } from "../parts/icon.tsx";
import { drafts, setDraft } from "../state/drafts.ts";
import { useLive } from "../state/live.ts";
import { me } from "../state/session.ts";
import { text } from "../text/en.ts";
import { MarkupView } from "./markup-view.tsx";
import type { RoomContext } from "./room-context.ts";
import { isMessage } from "./rows.ts";

type Props = Readonly<{ id: string; pending: Pending; isFirst: boolean; context: RoomContext }>;

/** Puts the text of a message that was not sent back into the text field, which is empty; `original` is what it answers. */
function takeBack({ pending, context }: Props, original: Message | undefined): void {
  const { composing, room } = context;
  if (!pending.discard()) return;
  setDraft(room.id, pending.body);
  if (original) composing.value = { kind: "reply", message: original };
  context.focusComposer();
}

function Failed(props: Props) {
  const { pending, context } = props;
  const { items } = useLive(context.room.timeline);
  const original = items.filter(isMessage).find(({ seq }) => seq === pending.replyTo);
  // An answer whose original is not loaded would become a message of its own.
  const isWhole = pending.replyTo === undefined || original !== undefined;
  const isEmpty = !drafts.value.has(context.room.id) && context.composing.value.kind === "new";
  return (
    <p class="failure" role="alert">
      <Icon name="alert" /> {text.room.failedSend} {reasonOf(pending.error)}{" "}
      <button type="button" class="link-button" onClick={() => pending.retry()}>
        {text.room.retry}
      </button>
      {isEmpty && isWhole && (
        <button type="button" class="link-button" onClick={() => takeBack(props, original)}>
          {text.room.takeBack}
        </button>
      )}
      <button type="button" class="link-button" onClick={() => pending.discard()}>
        {text.room.discard}
      </button>
    </p>
  );
}

/** A message that is not stored yet, or was not sent: then it says why, and offers to send it again, to edit it or to discard it. */
export function PendingRow(props: Props) {
  const { id, pending, isFirst } = props;
  const state = useLive(pending.state);
  const isFailed = state === "failed";
  const user = me.value;
  const label =
    state === "queued" ? text.room.queued : state === "sending" ? text.room.sending : text.room.sent;
  return (
    <li
      class={`row is-mine is-pending ${isFirst ? "is-first" : ""} ${isFailed ? "is-failed" : ""}`}
      data-key={id}
      tabIndex={-1}
    >
      <div class="gutter">{isFirst && user ? <Avatar user={user} /> : null}</div>
      <div class="content">
        {isFirst && user && (
          <div class="by">
            <b class="author">{user.displayName ?? user.username}</b>
          </div>
        )}
        <MarkupView text={pending.body} />
        {isFailed ? (
          <Failed {...props} />
        ) : (
          <span class="sending" title={label}>
            <Icon name={state === "queued" || state === "sending" ? "clock" : "check"} class="is-small" />
            <span class="visually-hidden">{label}</span>
          </span>
        )}
      </div>
    </li>
  );
}
