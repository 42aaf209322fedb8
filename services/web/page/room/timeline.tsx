import type { Timeline as RoomTimeline } from "@parley/client";
import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { Icon } from "../parts/icon.tsx";
import { marked, Named } from "../parts/named.tsx";
import { Notice } from "../parts/notice.tsx";
import { dayText } from "../parts/times.ts";
import { route } from "../state/route.ts";
import { text } from "../text/en.ts";
import { moveAmongRows } from "./list-keys.ts";
import { MessageRow } from "./message-row.tsx";
import { PendingRow } from "./pending-row.tsx";
import type { Reading } from "./reading.ts";
import type { RoomContext } from "./room-context.ts";
import { RoomScroll } from "./room-scroll.ts";
import { type Item, type Row, rowsOf } from "./rows.ts";
import { messageOf, WINDOW } from "./window.ts";

type Props = Readonly<{
  context: RoomContext;
  timeline: RoomTimeline;
  reading: Reading;
  /** What the room is called. */
  name: string;
  /** Seq of the message that the address names. */
  target: number | undefined;
}>;

/** A row; where nothing of it has changed, its component is not rendered again, as @preact/signals compares its props. */
function rowNode(row: Row, context: RoomContext, items: readonly Item[]): VNode {
  if (row.kind === "day")
    return (
      <li key={row.key} class="day">
        <span>{dayText(row.at)}</span>
      </li>
    );
  if (row.kind === "unread")
    return (
      <li key={row.key} class="unread-line" data-unread>
        <span>{text.room.unreadLine}</span>
      </li>
    );
  const { key, isFirst } = row;
  if (row.kind === "pending")
    return <PendingRow key={key} id={key} pending={row.item} isFirst={isFirst} context={context} />;
  const { replyTo } = row.item;
  const original = replyTo === undefined ? undefined : messageOf(items, replyTo);
  return (
    <MessageRow
      key={key}
      id={key}
      message={row.item}
      isFirst={isFirst}
      original={original}
      context={context}
    />
  );
}

/** The messages of a room. */
export function Timeline({ context, timeline, reading, name, target }: Props) {
  const box = useRef<HTMLElement>(null);
  const list = useRef<HTMLOListElement>(null);
  const scroll = useMemo(() => new RoomScroll(context, reading, target), [context, reading]);
  const away = useSignal(0);
  const { items, head, hasNewer, hasOlder, phase } = timeline;

  const start = scroll.prepare(timeline);
  const shown = items.slice(start, start + WINDOW);
  const isBeginning = !hasOlder && start === 0;
  const rows = rowsOf(shown, context.me, reading.unreadAfter.value, isBeginning);

  useLayoutEffect(() => {
    if (box.current && list.current) return scroll.mount(box.current, list.current, away);
    return undefined;
  }, [scroll]);
  useLayoutEffect(() => scroll.commit());
  useLayoutEffect(() => {
    const { active } = context;
    if (!rows.some(({ key }) => key === active.value))
      active.value = rows.findLast(({ kind }) => kind === "message")?.key;
  });
  useEffect(() => {
    if (target !== undefined) void scroll.jumpTo(target);
    // The same link may be followed again.
  }, [scroll, target, route.value]);

  const isEmpty = items.length === 0 && phase === "live";
  const isAway = away.value !== 0;
  return (
    <section ref={box} class="timeline" aria-label={text.room.label(name)}>
      {isBeginning && items.length > 0 && (
        <p class="beginning">
          <Named text={text.room.beginning(marked(name))} />
        </p>
      )}
      {hasOlder && start === 0 && (
        <p class="older" aria-hidden="true">
          {text.room.loadingOlder}
        </p>
      )}
      {items.length === 0 && !isEmpty && <Skeleton />}
      {isEmpty && <Notice body={text.room.empty} />}
      <ol
        ref={list}
        class="rows"
        data-head={head}
        onKeyDown={(event) => moveAmongRows(event, context)}
        onFocusOut={({ target, relatedTarget }) => {
          // Not while it moves inside of a row: its actions would go before they are clicked.
          const row = (target as Element).closest("li");
          if (!row?.contains(relatedTarget as Node | null)) context.focused.value = undefined;
        }}
        onPointerLeave={() => {
          context.hovered.value = undefined;
        }}
      >
        {rows.map((row) => rowNode(row, context, items))}
      </ol>
      {(isAway || hasNewer) && (
        <div class="latest">
          <button type="button" class="latest-button" onClick={() => context.toLatest()}>
            <Icon name="down" class="is-small" />
            {away.value > 0 ? text.room.newer(away.value) : text.room.toLatest}
          </button>
        </div>
      )}
    </section>
  );
}

/** Stands for messages that are on their way. */
function Skeleton() {
  return (
    <div class="skeleton" aria-hidden="true">
      {[62, 40, 78, 30, 55].map((width) => (
        <div key={width} class="skeleton-row">
          <i />
          <b style={{ width: `${width}%` }} />
        </div>
      ))}
    </div>
  );
}
