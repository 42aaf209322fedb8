import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { Sender } from "@parley/bench/chaos/sender";
import { expect, it } from "vitest";
import { pause } from "./recording-fixture.ts";
import { services } from "./running-fixture.ts";

/** How long the traffic lasts, seconds; 36 in the long form: an hour with a message a second, 100 times as fast. */
const MEMORY_S = Number(process.env.MEMORY_S ?? 3);
/** Messages of others in a second, and the time between two cuts, ms. */
const PER_SECOND = 100;
const CUT_MS = 6_000;
/** How much the heap may grow in the second half of the time, bytes. */
const GROWTH_MAX = 1_000_000;

it(`memory is flat over ${MEMORY_S * 100} s of simulated traffic at 100 times the speed`, async () => {
  const [reader, writer] = await Promise.all([services.person(), services.person()]);
  const input = JSON.stringify({ url: services.url, token: reader.token, seconds: MEMORY_S });
  const args = ["--expose-gc", join(import.meta.dirname, "memory-child-fixture.ts"), input];
  let isOver = false;
  const child = promisify(execFile)(process.execPath, args).finally(() => {
    isOver = true;
  });
  const sender = new Sender(services.stack.producerSocket, writer);
  const began = performance.now();
  for (let n = 0, cuts = 1; !isOver; ) {
    const passedMs = performance.now() - began;
    for (; n < (passedMs * PER_SECOND) / 1_000; n += 1) void sender.send("memory", `m${n}`, `text ${n}`);
    if (passedMs > cuts * CUT_MS) {
      services.cut();
      cuts += 1;
    }
    await pause(50);
  }
  sender.close();
  const { heaps, heard, shown } = JSON.parse((await child).stdout);
  expect(heard).toBeGreaterThan((MEMORY_S * PER_SECOND) / 4);
  expect(shown).toBeLessThanOrEqual(1_000 + 10);
  expect(heaps.at(-1) - heaps[2]).toBeLessThan(GROWTH_MAX);
});
