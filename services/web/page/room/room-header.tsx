import { Icon } from "../parts/icon.tsx";
import { PresenceDot } from "../parts/presence-dot.tsx";
import { kindIcon } from "../parts/room-names.ts";
import { summaryOf } from "../state/inbox.ts";
import { roomPath } from "../state/route.ts";
import { text } from "../text/en.ts";

/** The name of a room, and ways out of it. */
export function RoomHeader({ room, name }: { room: string; name: string }) {
  const summary = summaryOf(room);
  const kind = summary?.kind ?? "channel";
  return (
    <header class="bar">
      <a class="icon-button is-narrow-only" href="/" aria-label={text.back}>
        <Icon name="back" />
      </a>
      <h1 class="bar-title">
        {summary?.with ? (
          <PresenceDot key={summary.with.id} userId={summary.with.id} />
        ) : (
          <Icon name={kindIcon(kind)} class="is-small" />
        )}
        <span>{name}</span>
      </h1>
      <a class="icon-button" href={`/search?room=${encodeURIComponent(room)}`} aria-label={text.inbox.search}>
        <Icon name="search" />
      </a>
      <a class="icon-button" href={roomPath(room, "details")} aria-label={text.room.details}>
        <Icon name="info" />
      </a>
    </header>
  );
}
