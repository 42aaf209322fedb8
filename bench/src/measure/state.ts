import { DURABLE, durable } from "../benches/durable.ts";
import { idle } from "../benches/idle.ts";
import { withMembers } from "../benches/with-members.ts";
import { startParley } from "../targets/parley.ts";
import { type Measured, servicesUsPerMessage } from "./run.ts";

const RATE = 1_000;
const FANOUT_RATE = 20;
const LISTENERS = 300;
const SOCKETS = 2_000;
const SECOND_MS = 1_000;

/** What is compared between two states; CPU is user and system time of all processes of the stack. */
export const UNITS = {
  atFixedRate: "µs per message at 1,000/s",
  atFullLoad: "µs per message at full load",
  fanout: "µs per delivery, room of 300",
  handshake: "µs per handshake, its token in no cache",
  idleCpu: "µs per idle socket and second",
  idleMemory: "KB per idle socket",
} as const;
export type Figures = Readonly<Record<keyof typeof UNITS, number>>;

/**
 * Measures a stack that runs from the sources in `repository`; about 45 s at `scale` 1, which every measured time is
 * multiplied with.
 *
 * @throws if the stack does not start, or loses, refuses, duplicates or reorders a message.
 */
export async function measureState(repository: string, scale: number): Promise<Figures> {
  const target = await startParley(repository);
  const ms = (seconds: number) => seconds * SECOND_MS * scale;
  try {
    // First, while the heap of the process that holds the sockets has not grown yet.
    const plan = { sockets: Math.round(SOCKETS * scale), warmUpRounds: 1, restMs: ms(2), idleMs: ms(8) };
    const sockets = await idle(target, "ws-consumer", plan);
    const rate = await withMembers(target, { members: 200 }, ({ measure }) =>
      measure({ pace: { kind: "rate", perSecond: RATE }, warmMs: ms(3), ms: ms(5) }),
    );
    const full = await durable(target, { ...DURABLE, warmMs: ms(4), ms: ms(4) });
    const room = { members: LISTENERS, perRoom: LISTENERS, senders: 10 };
    const fanout = await withMembers(target, room, ({ measure }) =>
      measure({ pace: { kind: "rate", perSecond: FANOUT_RATE }, ms: ms(5) }),
    );
    for (const run of [rate, full, fanout]) requireNoAnomaly(run);
    return {
      atFixedRate: servicesUsPerMessage(rate),
      atFullLoad: servicesUsPerMessage(full),
      fanout: servicesUsPerMessage(fanout) / LISTENERS,
      handshake: 1_000_000 / sockets.handshakesPerCpuSecond,
      idleCpu: sockets.idleUsPerSocketSecond,
      idleMemory: sockets.kbPerSocket,
    };
  } finally {
    await target.stop();
  }
}

function requireNoAnomaly({ anomalies, reasons }: Measured): void {
  if (Object.values(anomalies).some((count) => count > 0))
    throw new Error(`the run is not valid: ${JSON.stringify({ anomalies, reasons })}`);
}
