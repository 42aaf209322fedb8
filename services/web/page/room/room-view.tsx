import type { ParleyError, Room } from "@parley/client";
import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { reasonOf } from "../parts/errors.ts";
import { Failure } from "../parts/failure.tsx";
import { Notice } from "../parts/notice.tsx";
import { titleOf } from "../parts/room-names.ts";
import { inboxPhase, reloadInbox, summaryOf } from "../state/inbox.ts";
import { useLive } from "../state/live.ts";
import { parley } from "../state/parley.ts";
import { isChannel } from "../state/route.ts";
import { me } from "../state/session.ts";
import { useTask } from "../state/task.ts";
import { text } from "../text/en.ts";
import { BlockedBar } from "./blocked-bar.tsx";
import { Composer } from "./composer.tsx";
import { FootLine } from "./foot-line.tsx";
import { LiveLog } from "./live-log.tsx";
import { NoRoom } from "./no-room.tsx";
import { Reading, useReading } from "./reading.ts";
import { createRoomContext } from "./room-context.ts";
import { RoomHeader } from "./room-header.tsx";
import { Timeline } from "./timeline.tsx";

const GONE = /^(room_not_found|not_a_member|forbidden)$/;

/** Listens to a room while it is shown, and anew when the reader is let in again. Returns whether it is there. */
function useOpen(room: Room, error: ParleyError | undefined, isIn: boolean): boolean {
  const round = useSignal(0);
  const isDeleted = useSignal(false);
  // Who was in a channel may still read it.
  const isReader = error?.code === "not_a_member" && isChannel(room.id);
  const isGone = isDeleted.value || (error !== undefined && GONE.test(error.code) && !isReader);
  useEffect(() => room.open(), [room, round.value]);
  useEffect(() => {
    if (isIn && isGone) round.value += 1;
    isDeleted.value = false;
  }, [isIn]);
  useEffect(() => {
    if (isReader) round.value += 1;
  }, [error]);
  // Nobody is told of the end of a channel that they only read.
  const isOut = !isIn && inboxPhase.value === "live" && isChannel(room.id);
  useEffect(() => {
    if (!isOut) return;
    room.fetch().catch(({ code }: ParleyError) => {
      isDeleted.value = GONE.test(code);
    });
  }, [isOut]);
  return !isGone;
}

/** One room: its messages and the text field. Give it a `key` of the room. */
export function RoomView({ id, target }: { id: string; target: number | undefined }) {
  const user = me.value?.id ?? "";
  const room = parley.rooms.get(id);
  const context = useMemo(() => createRoomContext(room, user), [room, user]);
  const reading = useMemo(() => new Reading(context), [context]);
  const timeline = useLive(room.timeline);
  const summary = summaryOf(id);
  const { error } = timeline;
  const isThere = useOpen(room, error, summary !== undefined);
  useReading(reading);
  if (!isThere) return <NoRoom />;
  const name = summary ? titleOf(summary) : id;
  const mayJoin = !summary && inboxPhase.value === "live" && isChannel(id) && timeline.items.length > 0;
  return (
    <main class="room">
      <RoomHeader room={id} name={name} />
      {error && timeline.items.length === 0 ? (
        <Notice title={text.room.failed.title} body={text.room.failed.body(reasonOf(error))} />
      ) : (
        <Timeline context={context} timeline={timeline} reading={reading} name={name} target={target} />
      )}
      <LiveLog context={context} />
      <FootLine context={context} timeline={timeline} />
      {mayJoin && <JoinBar id={id} />}
      {summary?.with && <BlockedBar key={summary.with.id} user={summary.with} />}
      <Composer context={context} name={name} />
    </main>
  );
}

/** A channel may be read before it is joined. */
function JoinBar({ id }: { id: string }) {
  const task = useTask();
  const join = async () => {
    if (await task.run(() => parley.rooms.get(id).join())) reloadInbox();
  };
  return (
    <div class="join">
      <div>
        <p class="hint">{text.room.notJoined}</p>
        <Failure text={task.failure} />
      </div>
      <button type="button" class="button is-main" aria-busy={task.isBusy} onClick={() => void join()}>
        {text.room.join}
      </button>
    </div>
  );
}
