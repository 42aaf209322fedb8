import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Listener } from "./feed.ts";
import { Hub } from "./hub.ts";
import { catchUp, placeOf, Subscription } from "./subscribe.ts";

const ROOM = "general";
const frameOf = (seq: number) => `{"seq":${seq}}`;

/** Someone who listens and remembers the seqs of what was written, in the order of arrival. */
class Ear implements Listener {
  isOpen = true;
  readonly seqs: number[] = [];

  readonly userId = "ear";

  async whenRead(): Promise<void> {}

  writeEphemeral(packet: Buffer): void {
    this.write(packet);
  }

  write(packet: Buffer): void {
    for (const line of packet.toString().split("\n")) this.seqs.push(JSON.parse(line).seq);
  }
}

/** A room in a table, a hub over it, and a database that can be away. */
function createRoom() {
  let head = 0;
  let isAway = false;
  const pause = () => new Promise((resolve) => setImmediate(resolve));
  const readHeads = async () => {
    await pause();
    if (isAway) throw new Error("the database is away");
    return new Map(head > 0 ? [[ROOM, head]] : []);
  };
  const readFrames = async (_room: string, after: number, upTo: number) => {
    await pause();
    if (isAway) throw new Error("the database is away");
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
    onFault: (_error, what) => faults.push(what),
    now: () => now,
  });
  const parts = { hub, readFrames, encode, replayMax: 50, pageSize: 5 };
  return {
    hub,
    parts,
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
    settle: async () => {
      for (let i = 0; i < 50; i += 1) await pause();
    },
  };
}

type Room = ReturnType<typeof createRoom>;

async function listen(room: Room, after: number | undefined) {
  const ear = new Ear();
  const feed = await room.hub.feed(ROOM);
  if (after !== undefined && after > feed.head) await room.hub.refresh(feed);
  const subscription = new Subscription(feed, ear);
  const { told, cursor } = placeOf(feed, after, room.parts);
  let caughtUp = -1;
  await catchUp(subscription, cursor, room.parts, (seq) => {
    caughtUp = seq;
  });
  return { ear, subscription, told, caughtUp };
}

const range = (from: number, to: number) =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);

describe("the hub", () => {
  it("replays what comes after the seq that a listener has, then goes on live", async () => {
    const room = createRoom();
    room.store(20);
    const { ear, told, caughtUp } = await listen(room, 3);
    expect(told).toEqual({ room: ROOM, head: 20, outcome: "resumed" });
    expect(caughtUp).toBe(20);
    const live = room.store(2);
    room.hub.deliver(ROOM, live.first, live.frames);
    expect(ear.seqs).toEqual(range(4, 22));
  });

  it("starts at the head for a listener that has nothing", async () => {
    const room = createRoom();
    room.store(20);
    const { ear, told } = await listen(room, undefined);
    expect(told).toEqual({ room: ROOM, head: 20, outcome: "live" });
    expect(ear.seqs).toEqual([]);
  });

  it("names the hole and sends the newest page to a listener that is too far behind", async () => {
    const room = createRoom();
    room.store(100);
    const { ear, told } = await listen(room, 10);
    expect(told).toEqual({ room: ROOM, head: 100, outcome: "gap", from: 11, to: 95 });
    expect(ear.seqs).toEqual(range(96, 100));
  });

  it("serves a resume of what is new from memory while the database is away", async () => {
    const room = createRoom();
    room.store(1);
    const first = await listen(room, 0);
    const live = room.store(30);
    room.hub.deliver(ROOM, live.first, live.frames);
    room.away(true);
    const second = await listen(room, 5);
    expect(second.ear.seqs).toEqual(range(6, 31));
    expect(first.ear.seqs).toEqual(range(1, 31));
  });

  it("finds a lost live message of a quiet room by comparing heads", async () => {
    const room = createRoom();
    const { ear } = await listen(room, undefined);
    room.store(3);
    room.pass(2_000);
    await room.hub.compareHeads(1_000);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(ear.seqs).toEqual([1, 2, 3]);
  });

  it("keeps a room that nobody hears for a minute and forgets it then", async () => {
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

  it("shows every listener every seq once and in order, whatever is lost, late, doubled or away", async () => {
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
            // So much may be stored while it joins that it gets the newest page only: it is told up to where it misses.
            const joining = listen(room, after).then((got) => ({
              ...got,
              from: got.told.to ?? after ?? got.told.head,
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
        await room.settle();
        // A repair that failed while the database was away tries again by itself.
        const behind = () =>
          listeners.some(
            (one) =>
              one.subscription.isActive &&
              one.subscription.feed.live.has(one.ear) &&
              one.ear.seqs.at(-1) !== room.head(),
          );
        for (let i = 0; i < 40 && behind(); i += 1) await new Promise((resolve) => setTimeout(resolve, 25));
        for (const { ear, from, subscription } of listeners) {
          const upTo = subscription.feed.live.has(ear) ? room.head() : (ear.seqs.at(-1) ?? from);
          expect(ear.seqs).toEqual(range(from + 1, upTo));
        }
      }),
      { numRuns: 150 },
    );
  }, 60_000);
});
