import type { Core } from "./core.ts";
import type { Frame, RoomEvent, TypingNotice } from "./frames.ts";
import { fetchList } from "./lists.ts";
import { createEmitter } from "./live.ts";
import { readEvents } from "./read-events.ts";
import { TimelineView } from "./timeline-view.ts";
import type { Invitation, Member, Release, Room, RoomEvents, RoomSummary } from "./types.ts";
import { createTyping } from "./typing.ts";

/** Read marks are sent at most so often, ms. */
const READ_MS = 500;

/** The client's side of a room. */
export interface RoomParts {
  readonly room: Room;
  /** A frame of the room that has no seq. */
  notice(frame: Frame): void;
  readonly view: TimelineView;
  /** Another user: what is known of the room is forgotten. */
  reset(): void;
}

/** Makes a room; nothing is asked or opened. */
export function createRoom(core: Core, id: string, closed: AbortSignal): RoomParts {
  const { http, timers, sender, requests, outbox } = core;
  const emitter = createEmitter<RoomEvents>(core.report);
  const typing = createTyping(sender, timers, core.report, id);
  const onEvent = (event: RoomEvent) => {
    if (event.type === "message") {
      typing.spoke(event.author.id);
      emitter.emit("message", event);
    }
    emitter.emit("event", event);
  };
  const view = new TimelineView(core, id, onEvent, (why) => emitter.emit("reset", { why }));

  const ask = (frame: object) => {
    const release = core.connect();
    return requests.ask(frame).finally(release);
  };
  let readSeq = 0;
  let toldLately: Release | undefined;
  const tellRead = () => {
    const seq = readSeq;
    ask({ type: "read", room: id, seq }).catch(() => undefined);
    toldLately = timers.after(READ_MS, () => {
      toldLately = undefined;
      if (readSeq > seq) tellRead();
    });
  };
  const path = `/rooms/${encodeURIComponent(id)}`;
  const call = async <T = void>(method: string, below: string, body?: object): Promise<T> =>
    (await http<T>(method, path + below, body && { body })).data;

  const room: Room = {
    id,
    timeline: view.timeline,
    typing: typing.users,
    members: {
      list: (o) => fetchList<Member>(http, `${path}/members`, o),
      add: (userId, role) => call<Member | Invitation>("POST", "/members", { userId, role }),
      setRole: (userId, role) => call("PATCH", `/members/${encodeURIComponent(userId)}`, { role }),
      remove: (userId) => call("DELETE", `/members/${encodeURIComponent(userId)}`),
    },
    open() {
      const releases = [core.connect(), view.open()];
      return () => {
        for (const release of releases) release();
      };
    },
    on: emitter.on,
    events: (o) => readEvents(core, id, closed, o),
    send(body, o = {}) {
      typing.stop();
      return outbox.send(id, body, o);
    },
    edit: (seq, body) => call("PATCH", `/messages/${seq}`, { body }),
    remove: (seq) => call("DELETE", `/messages/${seq}`),
    react(seq, emoji, on = true) {
      return ask({ type: "reaction", room: id, seq, emoji, remove: !on });
    },
    older: () => view.page("before"),
    newer: () => view.page("after"),
    around: (seq) => view.page<void>("around", seq),
    latest: () => view.page<void>("newest"),
    keystroke: typing.keystroke,
    read(seq) {
      if (seq <= readSeq) return;
      readSeq = seq;
      // At once if none was sent lately, as somebody who has read may leave the page.
      if (!toldLately) tellRead();
    },
    fetch: () => call<RoomSummary>("GET", ""),
    update: (changes) => call<RoomSummary>("PATCH", "", changes),
    delete: () => call("DELETE", ""),
    join: () => call("POST", "/join"),
    leave: () => call("POST", "/leave"),
  };
  return {
    room,
    view,
    reset() {
      readSeq = 0;
      toldLately?.();
      toldLately = undefined;
      view.reset();
    },
    notice(frame) {
      if (frame.type === "typing") typing.take(frame as unknown as TypingNotice);
      // `read` and `room_presence`; what is stored has a time, and comes in its order.
      if (!frame.at) emitter.emit(frame.type as "read", frame as never);
    },
  };
}
