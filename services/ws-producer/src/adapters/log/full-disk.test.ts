import { openSmallDisk, type SmallDisk } from "@parley/devstack/small-disk";
import { PartialFault } from "@parley/runtime/health";
import { afterAll, beforeAll, expect, it } from "vitest";
import { entryOf, LogFixture, until } from "./log-fixture.ts";

const DISK_MB = 24;
/** Longest wait for an answer, ms. */
const ANSWER_MS = 10_000;

let disk: SmallDisk | undefined;
let fixture: LogFixture | undefined;
beforeAll(async () => {
  disk = await openSmallDisk(DISK_MB);
  if (disk) fixture = await LogFixture.start(undefined, disk.dir);
});
afterAll(async () => {
  await fixture?.clear();
  await fixture?.stop();
  await disk?.close();
});

it("J: a full disk under NATS is answered and reported at once, loses nothing, and is over when nats-server is restarted", async ({
  skip,
}) => {
  if (!disk || !fixture) return skip("a file system cannot be mounted here: that needs root and Linux");
  const { server, errors } = fixture;
  await fixture.makeLog(2);
  const publisher = fixture.publisher(2);
  await until(() => publisher.assertReady());
  await disk.fill(256 * 1_024);
  const acknowledged: string[] = [];
  const refusals: { code: string; retryAfterMs: number; ms: number }[] = [];
  const send = async (id: string, room: string) => {
    const began = performance.now();
    const payload = JSON.stringify({ id, text: "x".repeat(2_000) });
    await publisher.publish({ ...entryOf(id, room), payload }).then(
      () => acknowledged.push(id),
      ({ code, retryAfterMs }) => refusals.push({ code, retryAfterMs, ms: performance.now() - began }),
    );
  };
  for (let i = 0; refusals.length === 0; i += 1) await send(`k${i}`, "general");
  const before = acknowledged.length;
  expect(before).toBeGreaterThan(0);
  await Promise.all([1, 2, 3].map((i) => send(`late${i}`, "general")));
  expect(refusals).toHaveLength(4);
  for (const { code, retryAfterMs, ms } of refusals) {
    expect([code, retryAfterMs]).toEqual(["unavailable", 5_000]);
    expect(ms).toBeLessThan(ANSWER_MS);
  }
  expect(() => publisher.assertReady()).toThrow(/CHAT_\d.* no space left on device; make room and restart/);
  // The other shard is written, so that load balancers keep this instance.
  expect(() => publisher.assertReady()).toThrow(PartialFault);
  // Room alone does not help.
  await disk.free();
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  await send("still", "general");
  expect(refusals).toHaveLength(5);
  expect(errors.filter(({ faults }) => String(faults).includes("no space left"))).toHaveLength(1);
  await server.restart();
  await until(() => publisher.assertReady());
  await send("after", "general");
  const ids = (await Promise.all([0, 1].map((shard) => fixture?.idsIn(shard)))).flat(2);
  expect(ids.filter((id) => acknowledged.includes(id as string))).toHaveLength(before + 1);
  expect(ids).toContain("after");
}, 40_000);
