import type { NatsConnection } from "@nats-io/transport-node";
import { createLog } from "@parley/runtime/log";
import { connectNats } from "@parley/runtime/nats";
import { createPresence, type InstancePresence } from "./create-presence.ts";
import { exchangePresence } from "./nats/presence-exchange.ts";

/** Frames that an instance broadcast, with their rooms. */
type Told = Readonly<{ rooms: readonly string[]; frame: Record<string, unknown>; except: string }>;

export type TestInstance = Readonly<{
  presence: InstancePresence;
  nats: NatsConnection;
  told: Told[];
  faults: string[];
  /** Ends it as a process that is killed does: without a word to the others. */
  kill: () => Promise<void>;
  close: () => Promise<void>;
}>;

export const userOf = (id: string) => ({ id, username: `name of ${id}` });

/** Starts the presence of one instance of ws-consumer, which broadcasts into a list. */
export async function startPresence(url: string, instance: string): Promise<TestInstance> {
  const nats = await connectNats({ url, name: instance, log: createLog(instance, "silent") });
  const told: Told[] = [];
  const faults: string[] = [];
  const onFault = (error: unknown, what: string) => void faults.push(`${what}: ${error}`);
  const presence = createPresence({
    hub: {
      broadcast: (rooms, frame, except) =>
        void told.push({ rooms: [...rooms], frame: frame as Record<string, unknown>, except }),
    },
    instance: `${instance}/${crypto.randomUUID()}`,
    noteLastSeen: async () => undefined,
    onFault,
    now: () => performance.now(),
  });
  const stop = exchangePresence(nats, presence, onFault);
  const kill = async () => {
    await nats.close();
    stop();
    await presence.close();
  };
  const close = async () => {
    stop();
    await nats.flush().catch(() => undefined);
    await presence.close();
    await nats.close();
  };
  return { presence, nats, told, faults, kill, close };
}

/** Who has a room open, as an instance knows, by id. */
export const idsIn = ({ presence }: TestInstance, room: string): string[] =>
  presence.online
    .list(100_000, room)
    .map(({ id }) => id)
    .sort();

/** Polls a condition; returns after how many ms it held. @throws {Error} if it does not hold within `ms` */
export async function until(holds: () => boolean, ms: number): Promise<number> {
  const began = performance.now();
  while (!holds()) {
    if (performance.now() - began > ms) throw new Error(`not in ${ms} ms: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return performance.now() - began;
}
