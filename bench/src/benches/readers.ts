import { Fleet } from "../load/fleet.ts";
import type { Place } from "../load/member.ts";
import { spread } from "../load/places.ts";
import { rssOf } from "../measure/proc.ts";
import { type Measured, measureRun } from "../measure/run.ts";
import type { ParleyTarget } from "../targets/parley.ts";

const READERS = 200;
const SENDERS = 5;
/** Large bodies, so that a reader that does not read is soon behind. */
const LARGE_BODY = 2_000;
const SAMPLE_MS = 500;
const MB = 1_048_576;

export type ReadersPlan = Readonly<{ perSecond: number; baseMs: number; ms: number }>;
export const READERS_PLAN: ReadersPlan = { perSecond: 40, baseMs: 30_000, ms: 300_000 };

export type Readers = Readonly<{
  /** Of the consumer, MB: at rest, most without and most with the paused readers. */
  baseMb: number;
  mostBeforeMb: number;
  mostMb: number;
  without: Measured;
  beside: Measured;
  /** p99 of the fast ones beside the paused, over that without them. */
  p99Ratio: number;
}>;

/** Readers that never read beside fast ones, in one room: what it costs the consumer, and the fast ones. */
export async function readers(target: ParleyTarget, plan: ReadersPlan = READERS_PLAN): Promise<Readers> {
  const fast = new Fleet(1);
  const paused = new Fleet(1);
  const pid = () => target.pids()["ws-consumer"] as number;
  try {
    const places = spread({
      members: READERS,
      perRoom: READERS,
      tokens: await target.tokens(20),
      senders: SENDERS,
    });
    await fast.open("parley", target.endpoint, places);
    const baseMb = (await rssOf(pid())) / MB;
    const measured = async (ms: number) => {
      const most = sampleMost(pid);
      const pace = { kind: "rate", perSecond: plan.perSecond } as const;
      const run = { pace, warmMs: 2_000, ms, bodyLength: LARGE_BODY };
      const result = await measureRun(target, fast, run, { places, perRoom: READERS });
      return { result, most: most() };
    };
    const without = await measured(plan.baseMs);
    const lazy: Place[] = places.map((place) => ({ ...place, index: place.index + READERS, sends: false }));
    await paused.open("parley-resuming", target.endpoint, lazy);
    await paused.pause(
      lazy.map(({ index }) => index),
      true,
    );
    const beside = await measured(plan.ms);
    return {
      baseMb: Math.round(baseMb),
      mostBeforeMb: Math.round(without.most),
      mostMb: Math.round(beside.most),
      without: without.result,
      beside: beside.result,
      p99Ratio: Math.round((beside.result.deliverMs.p99 / without.result.deliverMs.p99) * 100) / 100,
    };
  } finally {
    await paused.end();
    await fast.end();
  }
}

/** Looks at a process's memory again and again; the result ends it and gives the most, MB. */
function sampleMost(pid: () => number): () => number {
  let most = 0;
  const timer = setInterval(() => {
    void rssOf(pid()).then(
      (bytes) => {
        most = Math.max(most, bytes / MB);
      },
      () => undefined,
    );
  }, SAMPLE_MS);
  return () => {
    clearInterval(timer);
    return most;
  };
}
