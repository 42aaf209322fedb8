import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { keepWords } from "./search.ts";

// The clock is the test's: what is said here is how much time goes into it, and a busy machine would add to that.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

const RUN_MS = 10;

/** What waits is `waiting` runs long; tells when each run began, ms since the start. */
function keep(waiting: number): { runs: number[]; end: () => void; faults: unknown[] } {
  const runs: number[] = [];
  const faults: unknown[] = [];
  const start = performance.now();
  const index = async () => {
    runs.push(performance.now() - start);
    await new Promise((resolve) => setTimeout(resolve, RUN_MS));
    return runs.length < waiting;
  };
  return { runs, faults, end: keepWords(index, (error) => faults.push(error)) };
}

/** Of the runs that began in this time, ms, the share that they took of it. */
const shareOf = (runs: readonly number[], from: number, to: number) =>
  (runs.filter((at) => at >= from && at < to).length * RUN_MS) / (to - from);

describe("the words of messages", () => {
  it("take a twentieth of the time while many wait, and more the longer that lasts, up to a half", async () => {
    const { runs, end } = keep(Number.POSITIVE_INFINITY);
    await vi.advanceTimersByTimeAsync(400_000);
    end();
    expect(shareOf(runs, 0, 30_000)).toBeCloseTo(1 / 20, 2);
    expect(shareOf(runs, 31_000, 60_000)).toBeCloseTo(2 / 20, 2);
    expect(shareOf(runs, 121_000, 150_000)).toBeCloseTo(5 / 20, 2);
    expect(shareOf(runs, 300_000, 400_000)).toBeCloseTo(1 / 2, 2);
  });

  it("are looked for four times a second where few wait, and not any more once that is ended", async () => {
    const { runs, end } = keep(1);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(runs).toEqual([0, 260, 520, 780]);
    end();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(runs).toHaveLength(4);
  });

  it("are tried again after a fault, which is told", async () => {
    const faults: unknown[] = [];
    let tries = 0;
    const fails = async () => {
      tries += 1;
      throw new Error("away");
    };
    const end = keepWords(fails, (error) => faults.push(error));
    await vi.advanceTimersByTimeAsync(600);
    end();
    expect(tries).toBe(3);
    expect(faults).toHaveLength(3);
  });

  it("are tried again within a second after Postgres kept them waiting for five", async () => {
    const tries: number[] = [];
    const start = performance.now();
    const hangs = async (): Promise<boolean> => {
      tries.push(performance.now() - start);
      await new Promise((resolve) => setTimeout(resolve, 5_000));
      throw new Error("no answer in 5000 ms");
    };
    const end = keepWords(hangs, () => undefined);
    await vi.advanceTimersByTimeAsync(13_000);
    end();
    expect(tries).toEqual([0, 6_000, 12_000]);
  });
});
