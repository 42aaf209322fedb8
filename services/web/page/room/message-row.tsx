import type { Message } from "@parley/client";
import { useComputed } from "@preact/signals";
import { Avatar, hueOf } from "../parts/avatar.tsx";
import { Time } from "../parts/time.tsx";
import { clockText, timeText, wholeText } from "../parts/times.ts";
import { nameOf } from "../state/names.ts";
import { roomPath } from "../state/route.ts";
import { text } from "../text/en.ts";
import { plainText } from "./markup.ts";
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

/** What concerns one row of what the mouse, the keyboard and the address choose. */
const TAB_STOP = 1;
const ACTIONS = 2;
const LIT = 4;

function Quote({ original, room, seq }: { original: Message | undefined; room: string; seq: number }) {
  return (
    <a class="quote" href={roomPath(room, seq)} tabIndex={-1}>
      {original ? (
        <>
          <b>
            <bdi>{nameOf(original.author)}</bdi>
          </b>{" "}
          <bdi>{original.deletedAt ? text.room.deleted : plainText(original.body).slice(0, 160)}</bdi>
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
  const { active, focused, hovered, lit, me } = context;
  // One value, as there are hundreds of rows: each is rendered again only when something changes for itself.
  const flags = useComputed(
    () =>
      (active.value === id ? TAB_STOP : 0) |
      (hovered.value === id || focused.value === id ? ACTIONS : 0) |
      (lit.value === seq ? LIT : 0),
  );
  const name = nameOf(author);
  const isLit = flags.value & LIT;
  const classes = ["row", isFirst && "is-first", author.id === me && "is-mine", isLit && "is-lit"];
  return (
    <li
      class={classes.filter(Boolean).join(" ")}
      data-key={id}
      data-seq={seq}
      tabIndex={flags.value & TAB_STOP ? 0 : -1}
      onPointerEnter={() => {
        hovered.value = id;
      }}
      onFocusIn={() => {
        active.value = id;
        focused.value = id;
      }}
    >
      <div class="gutter">{isFirst ? <Avatar user={author} /> : <Time at={at} text={clockText(at)} />}</div>
      <div class="content">
        {isFirst ? (
          <div class="by" style={{ "--hue": hueOf(author.id) }}>
            <b class="author">{name}</b> <Time at={at} text={timeText(at)} />
          </div>
        ) : (
          <span class="visually-hidden">{name}</span>
        )}
        {replyTo !== undefined && <Quote original={original} room={room} seq={replyTo} />}
        {deletedAt ? (
          <p class="body is-deleted">{text.room.deleted}</p>
        ) : (
          <MarkupView text={body}>
            {editedAt && (
              <span class="edited" title={wholeText(editedAt)}>
                {" "}
                {text.room.edited}
              </span>
            )}
          </MarkupView>
        )}
        <Reactions message={message} context={context} />
      </div>
      {flags.value & ACTIONS && !deletedAt ? <MessageActions message={message} context={context} /> : null}
    </li>
  );
}
