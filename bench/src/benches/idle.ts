import { sleep } from "@parley/runtime/deadline";
import { LoadGenerator } from "../load/load-generator.ts";
import { spreadMembers } from "../load/member-specs.ts";
import { cpuOf, rssOf } from "../measure/proc.ts";
import type { Target } from "../targets/target.ts";
import { PER_ROOM } from "./with-members.ts";

/**
 * Sockets that are opened and closed first: code is compiled, pools are full, and the heap has the size that a stream of
 * handshakes gives it, which does not depend on the number of sockets. A socket's own memory is still overstated,
 * because garbage of its handshake counts until it is collected.
 */
const WARM_UP_SOCKETS = 500;

type Idle = Readonly<{
  sockets: number;
  /** Memory of the process that holds the sockets, without them and with them. */
  kbPerSocket: number;
  baseMb: number;
  fullMb: number;
  handshakesPerSecond: number;
  /** Handshakes per CPU second of all the target's processes. */
  handshakesPerCpuSecond: number;
  cpuUsPerHandshake: Readonly<Record<string, number>>;
  /** CPU while nothing is sent: of the holder as a share of a core, of all processes by socket. */
  idleCpu: number;
  idleUsPerSocketSecond: number;
  dropped: number;
}>;

/** `restMs`: time for garbage to be collected; `idleMs`: how long the CPU of idle sockets is measured. */
type IdlePlan = Readonly<{ sockets: number; warmUpRounds: number; restMs: number; idleMs: number }>;
export const IDLE: IdlePlan = { sockets: 10_000, warmUpRounds: 4, restMs: 8_000, idleMs: 8_000 };

type CpuUs = Readonly<Record<string, number>>;
const difference = (from: CpuUs, to: CpuUs): Record<string, number> =>
  Object.fromEntries(Object.entries(to).map(([name, us]) => [name, us - (from[name] ?? 0)]));
const sum = (us: CpuUs) => Object.values(us).reduce((total, one) => total + one, 0);

/** Sockets that only listen, each with a new token of its own. `holder` names the process that has the sockets. */
export async function idle(target: Target, holder: string, plan: IdlePlan = IDLE): Promise<Idle> {
  const { sockets, warmUpRounds, restMs, idleMs } = plan;
  const generator = new LoadGenerator();
  const cpu = () => cpuOf(target.pids());
  try {
    const tokens = await target.tokens(sockets + warmUpRounds * WARM_UP_SOCKETS);
    const open = (members: number, from: number) => {
      const own = tokens.slice(from, from + members);
      const specs = spreadMembers({ members, perRoom: PER_ROOM, tokens: own, senders: 0 });
      return generator.open(target.dialect, target.endpoint, specs);
    };
    for (let round = 0; round < warmUpRounds; round += 1) {
      await open(WARM_UP_SOCKETS, sockets + round * WARM_UP_SOCKETS);
      await generator.closeAll();
    }
    await sleep(restMs);
    const pid = target.pids()[holder] as number;
    const [base, cpuBefore] = await Promise.all([rssOf(pid), cpu()]);
    const seconds = await open(sockets, 0);
    const opened = difference(cpuBefore, await cpu());
    await sleep(restMs);
    const idleFrom = await cpu();
    await sleep(idleMs);
    const rested = difference(idleFrom, await cpu());
    const full = await rssOf(pid);
    const { anomalies } = await generator.settle(0);
    return {
      sockets,
      kbPerSocket: Math.round((full - base) / sockets / 102.4) / 10,
      baseMb: Math.round(base / 1_048_576),
      fullMb: Math.round(full / 1_048_576),
      handshakesPerSecond: Math.round(sockets / seconds),
      handshakesPerCpuSecond: Math.round((sockets * 1_000_000) / sum(opened)),
      cpuUsPerHandshake: Object.fromEntries(
        Object.entries(opened).map(([name, us]) => [name, Math.round(us / sockets)]),
      ),
      idleCpu: Math.round((rested[holder] ?? 0) / idleMs / 10) / 100,
      idleUsPerSocketSecond: sum(rested) / sockets / (idleMs / 1_000),
      dropped: anomalies.dropped,
    };
  } finally {
    await generator.end();
  }
}
