import { sleep } from "@parley/runtime/deadline";
import type { Clients } from "./clients.ts";
import type { Entry, Evidence } from "./evidence.ts";
import type { Ledger } from "./ledger.ts";
import { entryOf, readHistory } from "./read-history.ts";

const POLL_MS = 100;
/** Longest drain after the last fault, ms. */
const DRAIN_DEADLINE_MS = 60_000;
/** The last batch may reach members some time after the cursor has moved, ms. */
const SETTLE_MS = 2_000;

type Scene = Readonly<{ ledger: Ledger; clients: Clients; rooms: readonly string[] }>;

/** Waits until all sends are answered, all messages stored, and all delivered to every member; or time is up. */
export async function drain({ ledger, clients, rooms }: Scene, say: (line: string) => void): Promise<void> {
  const deadline = performance.now() + DRAIN_DEADLINE_MS;
  const startedAt = performance.now();
  const haveAll = () =>
    rooms.every((room) => new Set(clients.listeners.map((member) => member.head(room))).size <= 1);
  let wellSince = Number.POSITIVE_INFINITY;
  while (performance.now() < deadline) {
    const isOver = clients.unanswered === 0 && (await ledger.backlog()) === 0 && haveAll();
    wellSince = isOver ? Math.min(wellSince, performance.now()) : Number.POSITIVE_INFINITY;
    if (performance.now() - wellSince > SETTLE_MS) break;
    await sleep(POLL_MS);
  }
  const took = Math.round(performance.now() - startedAt);
  say(`drained in ${took} ms, ${clients.unanswered} sends without an answer`);
}

/** Collects the evidence after the drain. */
export async function gather(
  {
    ledger,
    clients,
    rooms,
  }: Omit<Scene, "clients"> & Readonly<{ clients: Pick<Clients, "senders" | "listeners"> }>,
  historyUrl: string,
  early: readonly string[] = [],
): Promise<Evidence> {
  const history = new Map<string, readonly Entry[]>();
  const token = clients.senders[0]?.account.token ?? "";
  for (const room of rooms) history.set(room, (await readHistory(historyUrl, token, room)).map(entryOf));
  return {
    sent: clients.senders.flatMap(({ sent }) => sent),
    rows: await ledger.rows(),
    history,
    receptions: clients.listeners.flatMap((member) => member.receptions()),
    early,
    cursorsBack: await ledger.cursorsBack(),
  };
}
