import { LoadGenerator } from "../load/load-generator.ts";
import { rssOf } from "../measure/proc.ts";
import type { Measured } from "../measure/run.ts";
import type { ParleyTarget } from "../targets/parley.ts";
import { RESUMING, withMembers } from "./with-members.ts";

const READERS = 200;
const SENDERS = 5;
/** Large bodies, so that a reader that does not read is soon behind. */
const LARGE_BODY = 2_000;
const SAMPLE_MS = 500;
const MB = 1_048_576;

export type ReadersPlan = Readonly<{ perSecond: number; baseMs: number; ms: number }>;
export const READERS_PLAN: ReadersPlan = { perSecond: 40, baseMs: 30_000, ms: 300_000 };

export type Readers = Readonly<{
  /** Memory of the consumer, MB: at rest, and the most without and with the paused readers. */
  baseMb: number;
  mostBeforeMb: number;
  mostMb: number;
  without: Measured;
  beside: Measured;
  /** p99 of the fast readers beside the paused ones, over that without them. */
  p99Ratio: number;
}>;

/** Readers that never read beside fast ones, in one room: what it costs the consumer, and the fast ones. */
export async function readers(target: ParleyTarget, plan: ReadersPlan = READERS_PLAN): Promise<Readers> {
  const paused = new LoadGenerator();
  const pid = () => target.pids()["ws-consumer"] as number;
  const membership = { members: READERS, perRoom: READERS, senders: SENDERS };
  try {
    return await withMembers(target, membership, async ({ specs, measure }) => {
      const baseMb = (await rssOf(pid())) / MB;
      const measured = async (ms: number) => {
        const most = sampleMost(pid);
        const pace = { kind: "rate", perSecond: plan.perSecond } as const;
        return { run: await measure({ pace, ms, bodyLength: LARGE_BODY }), most: most() };
      };
      const without = await measured(plan.baseMs);
      const slow = specs.map((spec) => ({ ...spec, index: spec.index + READERS, sends: false }));
      await paused.open(RESUMING, target.endpoint, slow);
      await paused.pause(
        slow.map(({ index }) => index),
        true,
      );
      const beside = await measured(plan.ms);
      return {
        baseMb: Math.round(baseMb),
        mostBeforeMb: Math.round(without.most),
        mostMb: Math.round(beside.most),
        without: without.run,
        beside: beside.run,
        p99Ratio: Math.round((beside.run.deliverMs.p99 / without.run.deliverMs.p99) * 100) / 100,
      };
    });
  } finally {
    await paused.end();
  }
}

/** Samples the memory of a process; the returned function ends that and gives the maximum, MB. */
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
