import type { RoomSummary } from "@parley/client";
import { Avatar } from "../parts/avatar.tsx";
import { Icon } from "../parts/icon.tsx";
import { PresenceDot } from "../parts/presence-dot.tsx";
import { kindIcon, titleOf } from "../parts/room-names.ts";
import { shortText } from "../parts/times.ts";
import { plainText } from "../room/markup.ts";
import { drafts } from "../state/drafts.ts";
import { nameOf } from "../state/names.ts";
import { roomPath } from "../state/route.ts";
import { me } from "../state/session.ts";
import { text } from "../text/en.ts";

function LastLine({ room }: { room: RoomSummary }) {
  const draft = drafts.value.get(room.id);
  if (draft)
    return (
      <>
        <b class="draft">{text.inbox.draft}</b>
        <bdi>{draft}</bdi>
      </>
    );
  const { lastMessage } = room;
  if (!lastMessage) return <>{text.inbox.noMessage}</>;
  const { author, body, deletedAt } = lastMessage;
  const isMine = author.id === me.value?.id;
  const by = isMine ? text.inbox.you : room.kind === "direct" ? "" : nameOf(author);
  return (
    <>
      {by && (
        <>
          <bdi>{by}</bdi>:{" "}
        </>
      )}
      <bdi>{deletedAt ? text.inbox.deleted : plainText(body)}</bdi>
    </>
  );
}

/** A room in the inbox: who or what, the last line, when, and how much is unread. */
export function InboxRow({ room, isOpen }: { room: RoomSummary; isOpen: boolean }) {
  const isUnread = room.unread > 0;
  return (
    <li>
      <a
        class={`inbox-row ${isOpen ? "is-open" : ""} ${isUnread && !room.isMuted ? "is-unread" : ""}`}
        href={roomPath(room.id)}
        aria-current={isOpen ? "page" : undefined}
      >
        <span class="inbox-face">
          {room.with ? (
            <>
              <Avatar user={room.with} />
              <PresenceDot key={room.with.id} userId={room.with.id} />
            </>
          ) : (
            <span class="avatar is-room">
              <Icon name={kindIcon(room.kind)} class="is-small" />
            </span>
          )}
        </span>
        <span class="inbox-name">{titleOf(room)}</span>
        <span class="inbox-when">
          {room.isPinned && <Icon name="pin" class="is-tiny" />}
          {room.isMuted && <Icon name="bell-off" class="is-tiny" />}
          {shortText(room.activeAt)}
        </span>
        <span class="inbox-line">
          <LastLine room={room} />
        </span>
        {isUnread && (
          <span class={room.isMuted ? "badge is-muted" : "badge"}>
            {room.unread > 999 ? "999+" : room.unread}
            <span class="visually-hidden"> {text.inbox.unread(room.unread)}</span>
          </span>
        )}
      </a>
    </li>
  );
}
