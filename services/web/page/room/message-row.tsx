import type { Message } from "@parley/client";
import { useComputed } from "@preact/signals";
import { Avatar, hueOf } from "../parts/avatar.tsx";
import { clockText, timeText, wholeText } from "../parts/times.ts";
import { nameOf } from "../state/names.ts";
import { roomPath } from "../state/route.ts";
import { text } from "../text/en.ts";
import { MarkupView } from "./markup-view.tsx";
import { MessageActions } from "./message-actions.tsx";
import { Reactions } from "./reactions.tsx";
import type { RoomContext } from "./room-context.ts";

type Props = Readonly<{
  id: string;
  message: Message;
  /** Begins a group of one author: has the name. */
  isFirst: boolean;
  /** The message that this one answers, if it is loaded. */
  original: Message | undefined;
  context: RoomContext;
}>;

function Quote({ original, room, seq }: { original: Message | undefined; room: string; seq: number }) {
  return (
    <a class="quote" href={roomPath(room, seq)} tabIndex={-1}>
      {original ? (
        <>
          <b>{nameOf(original.author)}</b>{" "}
          {original.deletedAt ? text.room.deleted : original.body.slice(0, 160)}
        </>
      ) : (
        text.room.replyToUnknown
      )}
    </a>
  );
}

/** One message of a room. */
export function MessageRow({ id, message, isFirst, original, context }: Props) {
  const { seq, author, at, body, replyTo, editedAt, deletedAt, room } = message;
  const { active, hovered, lit, me } = context;
  const isActive = useComputed(() => active.value === id);
  const hasActions = useComputed(() => hovered.value === id || active.value === id);
  const isLit = useComputed(() => lit.value === seq);
  const name = nameOf(author);
  const classes = ["row", isFirst && "is-first", author.id === me && "is-mine", isLit.value && "is-lit"];
  return (
    <li
      class={classes.filter(Boolean).join(" ")}
      data-key={id}
      data-seq={seq}
      tabIndex={isActive.value ? 0 : -1}
      onPointerEnter={() => {
        hovered.value = id;
      }}
      onFocusIn={() => {
        active.value = id;
      }}
    >
      <div class="gutter">
        {isFirst ? (
          <Avatar user={author} />
        ) : (
          <time dateTime={at} title={wholeText(at)}>
            {clockText(at)}
          </time>
        )}
      </div>
      <div class="content">
        {isFirst ? (
          <div class="by" style={{ "--hue": hueOf(author.id) }}>
            <b class="author">{name}</b>{" "}
            <time dateTime={at} title={wholeText(at)}>
              {timeText(at)}
            </time>
          </div>
        ) : (
          <span class="visually-hidden">{name}</span>
        )}
        {replyTo !== undefined && <Quote original={original} room={room} seq={replyTo} />}
        {deletedAt ? <p class="body is-deleted">{text.room.deleted}</p> : <MarkupView text={body} />}
        {editedAt && !deletedAt && (
          <span class="edited" title={wholeText(editedAt)}>
            {text.room.edited}
          </span>
        )}
        <Reactions message={message} context={context} />
      </div>
      {hasActions.value && !deletedAt && <MessageActions message={message} context={context} />}
    </li>
  );
}
