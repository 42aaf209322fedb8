import type { Pending } from "@parley/client";
import { Avatar } from "../parts/avatar.tsx";
import { reasonOf } from "../parts/errors.ts";
import { Icon } from "../parts/icon.tsx";
import { useLive } from "../state/live.ts";
import { me } from "../state/session.ts";
import { text } from "../text/en.ts";
import { MarkupView } from "./markup-view.tsx";

/** A message that is not stored yet, or was not sent: then it says why, and offers to send it again or to discard it. */
export function PendingRow({ id, pending, isFirst }: { id: string; pending: Pending; isFirst: boolean }) {
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
          <p class="failure" role="alert">
            <Icon name="alert" /> {text.room.failedSend} {reasonOf(pending.error)}{" "}
            <button type="button" class="link-button" onClick={() => pending.retry()}>
              {text.room.retry}
            </button>
            <button type="button" class="link-button" onClick={() => pending.discard()}>
              {text.room.discard}
            </button>
          </p>
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
