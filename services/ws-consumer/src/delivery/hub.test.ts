import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Listener } from "./feed.ts";
import { Hub } from "./hub.ts";
import { catchUp, Subscription, startOf } from "./subscribe.ts";

const ROOM = "general";
const frameOf = (seq: number) => `{"seq":${seq}}`;

/** A listener that records the seqs written to it. */
class RecordingListener implements Listener {
  isOpen = true;
  readonly seqs: number[] = [];

  readonly userId = "listener";

  async whenRead(): Promise<void> {}

  writeEphemeral(packet: Buffer): void {
    this.write(packet);
  }

  write(packet: Buffer): void {
    for (const line of packet.toString().split("\n")) this.seqs.push(JSON.parse(line).seq);
  }
}

/** One room, its hub, and a database that can be made unavailable. */
function createRoom() {
  let head = 0;
  let isAway = false;
  const pause = () => new Promise((resolve) => setImmediate(resolve));
  const readHeads = async () => {
    await pause();
    if (isAway) throw new Error("the database is unavailable");
    return new Map(head > 0 ? [[ROOM, head]] : []);
  };
  const readFrames = async (_room: string, after: number, upTo: number) => {
    await pause();
    if (isAway) throw new Error("the database is unavailable");
    const last = Math.min(upTo, head, after + 7);
    return Array.from({ length: Math.max(0, last - after) }, (_, i) => frameOf(after + 1 + i));
  };
  const encode = (frames: readonly string[]) => Buffer.from(frames.join("\n"));
  const faults: string[] = [];
  let now = 0;
  const hub = new Hub({
    readHeads,
    readFrames,
    encode,
    sent: {},
    onFault: (_error, what) => faults.push(what),
    now: () => now,
  });
  const deps = { hub, readFrames, encode, replayMax: 50, pageSize: 5 };
  return {
    hub,
    deps,
    faults,
    head: () => head,
    store: (count: number) => {
      head += count;
      return {
        first: head - count + 1,
        frames: Array.from({ length: count }, (_, i) => frameOf(head - count + 1 + i)),
      };
    },
    away: (away: boolean) => {
      isAway = away;
    },
    pass: (ms: number) => {
      now += ms;
    },
    runPending: async () => {
      for (let i = 0; i < 50; i += 1) await pause();
    },
  };
}

type Room = ReturnType<typeof createRoom>;

async function listen(room: Room, after: number | undefined) {
  const listener = new RecordingListener();
  const feed = await room.hub.feed(ROOM);
  if (after !== undefined && after > feed.head) await room.hub.refresh(feed);
  const subscription = new Subscription(feed, listener);
  const { answer, cursor } = startOf(feed, after, room.deps);
  let caughtUp = -1;
  await catchUp(subscription, cursor, room.deps, (seq) => {
    caughtUp = seq;
  });
  return { listener, subscription, answer, caughtUp };
}

const range = (from: number, to: number) =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);

describe("the hub", () => {
  it("replays what follows the listener's seq, then delivers live", async () => {
    const room = createRoom();
    room.store(20);
    const { listener, answer, caughtUp } = await listen(room, 3);
    expect(answer).toEqual({ room: ROOM, head: 20, outcome: "resumed" });
    expect(caughtUp).toBe(20);
    const live = room.store(2);
    room.hub.deliver(ROOM, live.first, live.frames);
    expect(listener.seqs).toEqual(range(4, 22));
  });

  it("starts at the head for a listener without a seq", async () => {
    const room = createRoom();
    room.store(20);
    const { listener, answer } = await listen(room, undefined);
    expect(answer).toEqual({ room: ROOM, head: 20, outcome: "live" });
    expect(listener.seqs).toEqual([]);
  });

  it("names the gap and replays the newest page to a listener that is too far behind", async () => {
    const room = createRoom();
    room.store(100);
    const { listener, answer } = await listen(room, 10);
    expect(answer).toEqual({ room: ROOM, head: 100, outcome: "gap", from: 11, to: 95 });
    expect(listener.seqs).toEqual(range(96, 100));
  });

  it("replays the newest frames from memory while the database is unavailable", async () => {
    const room = createRoom();
    room.store(1);
    const first = await listen(room, 0);
    const live = room.store(30);
    room.hub.deliver(ROOM, live.first, live.frames);
    room.away(true);
    const second = await listen(room, 5);
    expect(second.listener.seqs).toEqual(range(6, 31));
    expect(first.listener.seqs).toEqual(range(1, 31));
  });

  it("finds a lost live frame of a quiet room by comparing heads", async () => {
    const room = createRoom();
    const { listener } = await listen(room, undefined);
    room.store(3);
    room.pass(2_000);
    await room.hub.compareHeads(1_000);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(listener.seqs).toEqual([1, 2, 3]);
  });

  it("removes a room a minute after its last subscription", async () => {
    const room = createRoom();
    const { subscription } = await listen(room, undefined);
    subscription.end(room.hub);
    room.pass(59_000);
    room.hub.tidy();
    expect(room.hub.rooms).toBe(1);
    room.pass(2_000);
    room.hub.tidy();
    expect(room.hub.rooms).toBe(0);
  });

  it("delivers every seq once and in order to each listener, whatever is lost, late, repeated or unavailable", async () => {
    const step = fc.oneof(
      fc.record({
        kind: fc.constant("store" as const),
        count: fc.integer({ min: 1, max: 12 }),
        fate: fc.constantFrom("live", "lost", "late", "twice"),
      }),
      fc.record({
        kind: fc.constant("join" as const),
        behind: fc.option(fc.integer({ min: 0, max: 40 }), { nil: undefined }),
      }),
      fc.record({ kind: fc.constant("leave" as const) }),
      fc.record({ kind: fc.constant("turn" as const) }),
      fc.record({ kind: fc.constant("away" as const), away: fc.boolean() }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const room = createRoom();
        room.store(3);
        const joined: Promise<Awaited<ReturnType<typeof listen>> & { from: number }>[] = [];
        const late: { first: number; frames: string[] }[] = [];
        for (const one of steps) {
          if (one.kind === "store") {
            const live = room.store(one.count);
            if (one.fate === "late") late.push(live);
            if (one.fate === "live" || one.fate === "twice") room.hub.deliver(ROOM, live.first, live.frames);
            if (one.fate === "twice") room.hub.deliver(ROOM, live.first, live.frames);
          } else if (one.kind === "join") {
            const after = one.behind === undefined ? undefined : Math.max(0, room.head() - one.behind);
            // If much is stored while it subscribes, it gets a gap and the newest page only.
            const joining = listen(room, after).then((got) => ({
              ...got,
              from: got.answer.to ?? after ?? got.answer.head,
            }));
            joining.catch(() => undefined);
            joined.push(joining);
          } else if (one.kind === "leave") {
            const got = await joined[0]?.catch(() => undefined);
            got?.subscription.end(room.hub);
          } else if (one.kind === "away") room.away(one.away);
          else {
            const live = late.shift();
            if (live) room.hub.deliver(ROOM, live.first, live.frames);
            await new Promise((resolve) => setImmediate(resolve));
          }
        }
        room.away(false);
        const listeners = (await Promise.allSettled(joined)).flatMap((one) =>
          one.status === "fulfilled" ? [one.value] : [],
        );
        const last = room.store(1);
        room.hub.deliver(ROOM, last.first, last.frames);
        await room.runPending();
        // A repair that failed while the database was unavailable is repeated by the hub.
        const behind = () =>
          listeners.some(
            (one) =>
              one.subscription.isActive &&
              one.subscription.feed.live.has(one.listener) &&
              one.listener.seqs.at(-1) !== room.head(),
          );
        for (let i = 0; i < 40 && behind(); i += 1) await new Promise((resolve) => setTimeout(resolve, 25));
        for (const { listener, from, subscription } of listeners) {
          const upTo = subscription.feed.live.has(listener) ? room.head() : (listener.seqs.at(-1) ?? from);
          expect(listener.seqs).toEqual(range(from + 1, upTo));
        }
      }),
      { numRuns: 150 },
    );
  }, 60_000);
});
