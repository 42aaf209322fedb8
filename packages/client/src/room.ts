import type { Core } from "./core.ts";
import type { Frame, ReadNotice, RoomEvent, TypingNotice } from "./frames.ts";
import { fetchList } from "./lists.ts";
import { createEmitter } from "./live.ts";
import { readEvents } from "./read-events.ts";
import { TimelineView } from "./timeline-view.ts";
import type { Member, Members, Release, Room, RoomEvents } from "./types.ts";
import { createTyping } from "./typing.ts";

/** Read marks are sent at most so often, ms. */
const READ_MS = 500;

/** The client's side of a room. */
export interface RoomParts {
  readonly room: Room;
  /** A frame of the room that has no seq. */
  notice(frame: Frame): void;
  readonly view: TimelineView;
}

/** Makes a room; nothing is asked or opened. */
export function createRoom(core: Core, id: string, closed: AbortSignal): RoomParts {
  const { http, timers, sender, requests, outbox } = core;
  const emitter = createEmitter<RoomEvents>(core.report);
  const typing = createTyping(sender, timers, core.report, id);
  const path = `/rooms/${id}`;
  const onEvent = (event: RoomEvent) => {
    if (event.type === "message") {
      typing.spoke(event.author.id);
      emitter.emit("message", event);
    }
    emitter.emit("event", event);
  };
  const view = new TimelineView(core, id, onEvent, (why) => emitter.emit("reset", { why }));

  let readSeq = 0;
  let _stopRead: Release | undefined;
  const tellRead = () => {
    _stopRead = undefined;
    requests.ask({ type: "read", room: id, seq: readSeq }).catch(() => undefined);
  };
  const none = (): void => undefined;

  const room: Room = {
    id,
    timeline: view.timeline,
    typing: typing.users,
    members: createMembers(core, path),
    open() {
      const releases = [core.connect(), view.open()];
      return () => {
        for (const release of releases.splice(0)) release();
      };
    },
    on: emitter.on,
    events: (o) => readEvents(core, id, closed, o),
    send(body, o = {}) {
      typing.stop();
      return outbox.send(id, body, o);
    },
    edit: (seq, body) => http("PATCH", `${path}/messages/${seq}`, { body: { body } }).then(none),
    remove: (seq) => http("DELETE", `${path}/messages/${seq}`).then(none),
    react(seq, emoji, on = true) {
      const release = core.connect();
      return requests.ask({ type: "reaction", room: id, seq, emoji, remove: !on }).finally(release);
    },
    older: () => view.page("before"),
    newer: () => view.page("after"),
    around: (seq) => view.page("around", seq).then(none),
    latest: () => view.page("newest").then(none),
    keystroke: typing.keystroke,
    read(seq) {
      if (seq <= readSeq) return;
      readSeq = seq;
      _stopRead ??= timers.after(READ_MS, tellRead);
    },
    join: () => http("POST", `${path}/join`).then(none),
    leave: () => http("POST", `${path}/leave`).then(none),
  };
  return {
    room,
    view,
    notice(frame) {
      if (frame.type === "typing") typing.take(frame as unknown as TypingNotice);
      if (frame.type === "read") emitter.emit("read", frame as unknown as ReadNotice);
    },
  };
}

function createMembers({ http }: Core, path: string): Members {
  const none = (): void => undefined;
  const one = (userId: string) => `${path}/members/${encodeURIComponent(userId)}`;
  return {
    list: (o) => fetchList<Member>(http, `${path}/members`, o),
    add: (userId, role) =>
      http("POST", `${path}/members`, { body: { userId, ...(role && { role }) } }).then(none),
    setRole: (userId, role) => http("PATCH", one(userId), { body: { role } }).then(none),
    remove: (userId) => http("DELETE", one(userId)).then(none),
  };
}
