import { expect, it, onTestFinished } from "vitest";
import { eventually } from "./eventually-fixture.ts";
import { createParley } from "./index.ts";
import { TestServer } from "./testing.ts";

/** An open room of 400 messages; pages whose query matches wait for `go`. */
async function openSlow(query: RegExp) {
  const server = new TestServer();
  for (let n = 1; n <= 400; n += 1) server.post("general", "bob", `message ${n}`);
  const gate = Promise.withResolvers<void>();
  const { fetch = globalThis.fetch } = server.options;
  const parley = createParley({
    ...server.options,
    auth: server.auth("alice"),
    async fetch(url, o) {
      if (query.test(String(url))) await gate.promise;
      return await fetch(url, o);
    },
  });
  onTestFinished(() => parley.close());
  const room = parley.rooms.get("general");
  const release = room.open();
  await eventually(() => expect(room.timeline.value.phase).toBe("live"));
  const seqs = () => room.timeline.value.items.map((item) => ("seq" in item ? item.seq : 0));
  return { room, release, seqs, go: gate.resolve };
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
