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
  /** Memory of the process that holds the sockets. */
  kbPerSocket: number;
  handshakesPerSecond: number;
  /** Handshakes per CPU second of all the target's processes. */
  handshakesPerCpuSecond: number;
  /** CPU of all processes while nothing is sent. */
  idleUsPerSocketSecond: number;
  dropped: number;
}>;

/** `restMs`: time for garbage to be collected; `idleMs`: how long the CPU of idle sockets is measured. */
type IdlePlan = Readonly<{ sockets: number; warmUpRounds: number; restMs: number; idleMs: number }>;
export const IDLE: IdlePlan = { sockets: 10_000, warmUpRounds: 4, restMs: 8_000, idleMs: 8_000 };

/** Sockets that only listen, each with a new token of its own. `holder` names the process that has the sockets. */
export async function idle(target: Target, holder: string, plan: IdlePlan = IDLE): Promise<Idle> {
  const { sockets, warmUpRounds, restMs, idleMs } = plan;
  await using generator = new LoadGenerator();
  const cpuUs = async () => Object.values(await cpuOf(target.pids())).reduce((total, one) => total + one, 0);
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
  const [base, before] = await Promise.all([rssOf(pid), cpuUs()]);
  const seconds = await open(sockets, 0);
  const openingUs = (await cpuUs()) - before;
  await sleep(restMs);
  const idleFrom = await cpuUs();
  await sleep(idleMs);
  const idleUs = (await cpuUs()) - idleFrom;
  const full = await rssOf(pid);
  const { anomalies } = await generator.settle(0);
  return {
    sockets,
    kbPerSocket: Math.round((full - base) / sockets / 102.4) / 10,
    handshakesPerSecond: Math.round(sockets / seconds),
    handshakesPerCpuSecond: Math.round((sockets * 1_000_000) / openingUs),
    idleUsPerSocketSecond: idleUs / sockets / (idleMs / 1_000),
    dropped: anomalies.dropped,
  };
}
