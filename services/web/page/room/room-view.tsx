import { useEffect, useMemo } from "preact/hooks";
import { reasonOf } from "../parts/errors.ts";
import { Notice } from "../parts/notice.tsx";
import { titleOf } from "../parts/room-names.ts";
import { inboxPhase, reloadInbox, summaryOf } from "../state/inbox.ts";
import { useLive } from "../state/live.ts";
import { parley } from "../state/parley.ts";
import { me } from "../state/session.ts";
import { text } from "../text/en.ts";
import { BlockedBar } from "./blocked-bar.tsx";
import { Composer } from "./composer.tsx";
import { FootLine } from "./foot-line.tsx";
import { LiveLog } from "./live-log.tsx";
import { Reading, useReading } from "./reading.ts";
import { RemoveDialog } from "./remove-dialog.tsx";
import { createRoomContext } from "./room-context.ts";
import { RoomHeader } from "./room-header.tsx";
import { Timeline } from "./timeline.tsx";

const GONE = /^(room_not_found|not_a_member|forbidden)$/;

/** One room: its messages and the text field. Give it a `key` of the room. */
export function RoomView({ id, target }: { id: string; target: number | undefined }) {
  const user = me.value?.id ?? "";
  const room = parley.rooms.get(id);
  const context = useMemo(() => createRoomContext(room, user), [room, user]);
  const reading = useMemo(() => new Reading(context), [context]);
  const timeline = useLive(room.timeline);
  useEffect(() => room.open(), [room]);
  useReading(reading);
  const summary = summaryOf(id);
  const name = summary ? titleOf(summary) : id;
  const { error } = timeline;
  return (
    <main class="room">
      <RoomHeader room={id} name={name} />
      {error && timeline.items.length === 0 ? (
        <Notice
          title={GONE.test(error.code) ? text.room.notFound.title : text.room.failed.title}
          body={GONE.test(error.code) ? text.room.notFound.body : text.room.failed.body(reasonOf(error))}
        />
      ) : (
        <Timeline context={context} timeline={timeline} reading={reading} name={name} target={target} />
      )}
      <LiveLog context={context} />
      <FootLine context={context} timeline={timeline} />
      {!summary && inboxPhase.value === "live" && timeline.items.length > 0 && <JoinBar id={id} />}
      {summary?.with && <BlockedBar key={summary.with.id} user={summary.with} />}
      <Composer context={context} name={name} />
      <RemoveDialog context={context} />
    </main>
  );
}

/** A channel may be read before it is joined. */
function JoinBar({ id }: { id: string }) {
  const join = () =>
    void parley.rooms
      .get(id)
      .join()
      .then(reloadInbox, () => undefined);
  return (
    <div class="join">
      <p class="hint">{text.room.notJoined}</p>
      <button type="button" class="button is-main" onClick={join}>
        {text.room.join}
      </button>
    </div>
  );
}
