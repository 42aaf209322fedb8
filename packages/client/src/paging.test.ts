import { expect, it, onTestFinished } from "vitest";
import { eventually } from "./eventually-fixture.ts";
import { createParley } from "./index.ts";
import { TestServer } from "./testing.ts";
import type { Options, Room, Store } from "./types.ts";

/** The client stores a room a second after its last change. */
const SAVED_MS = 1_200;

const seqsOf = ({ timeline }: Room) => timeline.value.items.map((item) => ("seq" in item ? item.seq : 0));

function memoryStore(): Store {
  const kept = new Map<string, unknown>();
  return {
    get: async <T>(key: string) => kept.get(key) as T,
    set: async (key, value) => void kept.set(key, value),
    list: async () => [],
    clear: async () => kept.clear(),
  };
}

/** A client of a room of 400 messages; pages whose address matches wait for `go`. */
function slow(query: RegExp, options: Partial<Options> = {}) {
  const server = new TestServer();
  for (let n = 1; n <= 400; n += 1) server.post("general", "bob", `message ${n}`);
  const gate = Promise.withResolvers<void>();
  const { fetch = globalThis.fetch } = server.options;
  const parley = createParley({
    ...server.options,
    ...options,
    auth: server.auth("alice"),
    async fetch(url, o) {
      if (query.test(String(url))) await gate.promise;
      return await fetch(url, o);
    },
  });
  onTestFinished(() => parley.close());
  return { server, parley, go: gate.resolve };
}

/** The same room, open. */
async function openSlow(query: RegExp) {
  const { parley, go } = slow(query);
  const room = parley.rooms.get("general");
  const release = room.open();
  await eventually(() => expect(room.timeline.value.phase).toBe("live"));
  return { room, release, seqs: () => seqsOf(room), go };
}

const hasHole = (seqs: number[]) => seqs.some((seq, i) => i > 0 && seq !== (seqs[i - 1] as number) + 1);

it("an older page that comes after a jump makes no hole", async () => {
  const { room, seqs, go } = await openSlow(/[?&]before=/);
  const older = room.older();
  await room.around(40);
  go();
  await older;
  expect(seqs()).toContain(40);
  expect(hasHole(seqs())).toBe(false);
});

it("a newer page that comes after the latest ones makes no hole", async () => {
  const { room, seqs, go } = await openSlow(/[?&]after=/);
  await room.around(40);
  const newer = room.newer();
  await room.latest();
  go();
  await newer;
  expect(seqs()).toContain(400);
  expect(hasHole(seqs())).toBe(false);
});

it("of two jumps the last one counts, whichever answer comes first", async () => {
  const { room, seqs, go } = await openSlow(/[?&]around=300&/);
  const first = room.around(300);
  await room.around(40);
  go();
  await first;
  expect(seqs()).toContain(40);
});

it("a room that was left in its middle is not shown there when it is opened again", async () => {
  const { room, seqs, release } = await openSlow(/nothing/);
  await room.around(40);
  release();
  expect(seqs()).toEqual([]);
  room.open();
  await eventually(() => expect(seqs()).toContain(400));
});

it("who jumps before the newest page is there stays where they jumped to, and hears what is new", async () => {
  const { server, parley, go } = slow(/messages\?limit=50/);
  const room = parley.rooms.get("general");
  room.open();
  await room.around(40);
  go();
  await eventually(() => expect(room.timeline.value.phase).toBe("live"));
  expect(seqsOf(room)).toContain(40);
  server.post("general", "bob", "new");
  await eventually(() => expect(room.timeline.value.head).toBe(401));
});

it("nothing is next to what is not loaded: older pages that are asked for too early change nothing", async () => {
  const { parley, go } = slow(/nothing/);
  go();
  const room = parley.rooms.get("general");
  expect(await room.older()).toBe(false);
  room.open();
  expect(await room.older()).toBe(false);
  await eventually(() => expect(room.timeline.value.phase).toBe("live"));
  expect(room.timeline.value).toMatchObject({ hasOlder: true, completeFrom: 351 });
});

it("a room that was left at once after a jump keeps its newest messages in the store", async () => {
  const store = memoryStore();
  const { parley, go } = slow(/nothing/, { store });
  go();
  const room = parley.rooms.get("general");
  let release = room.open();
  await eventually(() => expect(room.timeline.value.phase).toBe("live"));
  await room.around(40);
  release();
  await new Promise((resolve) => setTimeout(resolve, SAVED_MS));
  expect(await store.get("cache/general")).not.toMatchObject({ head: 0 });
  release = room.open();
  await eventually(() => expect(seqsOf(room)).toContain(400));
  release();
});
