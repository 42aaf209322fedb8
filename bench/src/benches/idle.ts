import { sleep } from "../load/clock.ts";
import { LoadGenerator } from "../load/load-generator.ts";
import { spreadMembers } from "../load/member-specs.ts";
import { cpuOf, rssOf } from "../measure/proc.ts";
import type { Target } from "../targets/target.ts";

const MEMBERS_PER_ROOM = 10;
/** Time for garbage to be collected and memory to be given back, ms. */
const REST_MS = 8_000;
/**
 * Sockets that come and go first, so many times: code is compiled, pools are full, and the heap has the size that a
 * stream of handshakes gives it. That growth is the same for 1,000 sockets and for 10,000 and no socket's own; the
 * sockets' own memory is still told too high, because garbage of their handshakes is counted until it is collected.
 */
const WARM_UP_SOCKETS = 500;
const WARM_UP_ROUNDS = 4;

export type Idle = Readonly<{
  sockets: number;
  /** Of the process that holds the sockets. */
  kbPerSocket: number;
  baseMb: number;
  fullMb: number;
  handshakesPerSecond: number;
  /** Handshakes in a CPU second of all the target's processes together, and of the one that holds the sockets. */
  handshakesPerCpuSecond: number;
  handshakesPerHolderCpuSecond: number;
  cpuUsPerHandshake: Readonly<Record<string, number>>;
  /** CPU of the holder while nothing is said, share of a core. */
  idleCpu: number;
  dropped: number;
}>;

export type IdlePlan = Readonly<{ sockets: number; processes: number; concurrency: number }>;
export const IDLE: IdlePlan = { sockets: 10_000, processes: 1, concurrency: 64 };

/** Sockets that only listen, each with a token of its own that nobody has seen before. `holder`: who has them. */
export async function idle(target: Target, holder: string, plan: IdlePlan = IDLE): Promise<Idle> {
  const generator = new LoadGenerator(plan.processes);
  try {
    const tokens = await target.tokens(plan.sockets + WARM_UP_ROUNDS * WARM_UP_SOCKETS);
    const specs = (count: number, of: readonly string[]) =>
      spreadMembers({ members: count, perRoom: MEMBERS_PER_ROOM, tokens: of, senders: 0 });
    for (let round = 0; round < WARM_UP_ROUNDS; round += 1) {
      const rehearsal = specs(WARM_UP_SOCKETS, tokens.slice(plan.sockets + round * WARM_UP_SOCKETS));
      await generator.open(target.dialect, target.endpoint, rehearsal, plan.concurrency);
      await generator.closeAll();
    }
    await sleep(REST_MS);
    const pid = target.pids()[holder] as number;
    const [base, cpuBefore] = await Promise.all([rssOf(pid), cpuOf(target.pids())]);
    const all = specs(plan.sockets, tokens);
    const seconds = await generator.open(target.dialect, target.endpoint, all, plan.concurrency);
    const cpuAfter = await cpuOf(target.pids());
    await sleep(REST_MS);
    const idleFrom = await cpuOf(target.pids());
    await sleep(REST_MS);
    const idleTo = await cpuOf(target.pids());
    const full = await rssOf(pid);
    const used = (name: string) => ((cpuAfter[name] ?? 0) - (cpuBefore[name] ?? 0)) / 1_000_000;
    const total = Object.keys(cpuAfter).reduce((sum, name) => sum + used(name), 0);
    const { dropped } = await generator.settle(0);
    return {
      sockets: plan.sockets,
      kbPerSocket: Math.round((full - base) / plan.sockets / 102.4) / 10,
      baseMb: Math.round(base / 1_048_576),
      fullMb: Math.round(full / 1_048_576),
      handshakesPerSecond: Math.round(plan.sockets / seconds),
      handshakesPerCpuSecond: Math.round(plan.sockets / total),
      handshakesPerHolderCpuSecond: Math.round(plan.sockets / used(holder)),
      cpuUsPerHandshake: Object.fromEntries(
        Object.keys(cpuAfter).map((name) => [name, Math.round((used(name) * 1_000_000) / plan.sockets)]),
      ),
      idleCpu: Math.round(((idleTo[holder] ?? 0) - (idleFrom[holder] ?? 0)) / REST_MS / 10) / 100,
      dropped,
    };
  } finally {
    await generator.end();
  }
}
