import { untilInterrupted } from "@parley/devstack/terminal";
import { sleep } from "@parley/runtime/deadline";
import { check, type Verdict } from "./checker.ts";
import { Clients } from "./clients.ts";
import { drain, gather } from "./drain.ts";
import { EarlyLook } from "./early-look.ts";
import type { Fault } from "./faults.ts";
import { inject } from "./inject.ts";
import { type Ledger, openLedger } from "./ledger.ts";
import type { Schedule } from "./schedule.ts";
import { type Stage, type StageOptions, startStage } from "./stage.ts";
import { type Timing, timingOf } from "./timing.ts";

const SENDERS = 32;
const ROOMS = 8;
const MEMBERS_PER_CONSUMER = 2;
const BACKLOG_POLL_MS = 100;

type RunOptions = StageOptions &
  Readonly<{
    schedule: Schedule;
    sendsPerSecond: number;
    /** SQL that a mutant needs. */
    statements?: readonly string[] | undefined;
    say: (line: string) => void;
  }>;

export type Outcome = Readonly<{
  verdict: Verdict;
  timing: Timing;
  sends: number;
  durationMs: number;
  /** Faults that happened, by kind. */
  faults: Readonly<Record<string, number>>;
  /** What happened: kind, from when to when, ms since the start. */
  events: readonly (readonly [string, number, number])[];
  /** Faults that could not be undone, such as a process that does not start. */
  troubles: readonly string[];
  /** For each heal: time until the backlog was stored, ms; null: not before the next fault. */
  backlogMs: readonly (number | null)[];
  /** Lookups of a row right after its delivery. */
  looks: number;
  /** Refusals and closes by code. */
  refusals: Readonly<Record<string, number>>;
  gaps: number;
}>;

/** One run: all clients send and listen while the faults happen; then everything is healed, drained and checked. */
export async function runChaos(options: RunOptions): Promise<Outcome> {
  const { schedule, say } = options;
  const stage = await startStage(options);
  let ledger: Ledger | undefined;
  let clients: Clients | undefined;
  try {
    say(`stack is up; logs in ${stage.logsDir}`);
    ledger = await openLedger(stage.natsUrl, stage.databaseUrl, options.statements);
    const rooms = Array.from({ length: ROOMS }, (_, i) => `room-${i}`);
    clients = await Clients.open({
      seed: schedule.seed,
      authUrl: stage.stack.urls.auth as string,
      senders: SENDERS,
      rooms,
      producerSocket: stage.producerSocket,
      consumerSockets: stage.consumerSockets,
      membersPerConsumer: MEMBERS_PER_CONSUMER,
      sendsPerSecond: options.sendsPerSecond,
    });
    return await untilInterrupted(perform(options, stage, ledger, clients, rooms));
  } finally {
    clients?.close();
    await ledger?.close().catch(() => undefined);
    await stage.stop();
  }
}

async function perform(
  { schedule, say }: RunOptions,
  stage: Stage,
  ledger: Ledger,
  clients: Clients,
  rooms: readonly string[],
): Promise<Outcome> {
  const look = new EarlyLook(ledger);
  clients.onMessage(look.take);
  const startedAt = performance.now();
  clients.startSending();
  const { heals, backlogMs, faults, events, troubles } = await happen(schedule, stage, ledger, clients, say);
  clients.stopSending();
  const durationMs = performance.now() - startedAt;
  await drain(ledger, clients, rooms, say);
  const evidence = await gather(
    ledger,
    clients,
    rooms,
    stage.stack.urls["ws-consumer"] as string,
    look.early,
  );
  const refusals: Record<string, number> = {};
  for (const client of [...clients.senders, ...clients.listeners])
    for (const [code, count] of Object.entries(client.refusals))
      refusals[code] = (refusals[code] ?? 0) + count;
  return {
    verdict: check(evidence),
    timing: timingOf(
      clients.senders.map(({ sent }) => sent),
      heals,
      startedAt,
    ),
    sends: evidence.sent.length,
    durationMs,
    faults,
    events,
    troubles,
    backlogMs,
    looks: look.looks,
    refusals,
    gaps: clients.listeners.reduce((sum, { gaps }) => sum + gaps, 0),
  };
}

/** Injects the faults of each round, waits until all are over, and measures the rest of the round. */
async function happen(
  schedule: Schedule,
  stage: Stage,
  ledger: Ledger,
  clients: Clients,
  say: (line: string) => void,
) {
  const startedAt = performance.now();
  const until = (atMs: number) => sleep(startedAt + atMs - performance.now());
  const faults: Record<string, number> = {};
  const troubles: string[] = [];
  const events: [string, number, number][] = [];
  const since = () => Math.round(performance.now() - startedAt);
  const heals: { at: number; until: number }[] = [];
  const backlogMs: (number | null)[] = [];
  const strike = async (fault: Fault) => {
    await until(fault.atMs);
    faults[fault.kind.name] = (faults[fault.kind.name] ?? 0) + 1;
    const from = since();
    await inject(fault, stage, clients).catch((error: unknown) =>
      troubles.push(`${fault.kind.name}: ${error}`),
    );
    events.push([fault.kind.name, from, since()]);
  };
  for (const round of schedule.rounds) {
    const mine = schedule.faults.filter(({ atMs }) => atMs >= round.startMs - 1 && atMs < round.endMs - 1);
    await Promise.all(mine.map(strike));
    const at = performance.now();
    const rest = { at, until: Math.max(startedAt + round.endMs, at + round.endMs - round.restMs) };
    heals.push(rest);
    backlogMs.push(await untilCaughtUp(ledger, rest));
    await sleep(rest.until - performance.now());
    const acked = clients.senders.reduce((sum, { sent }) => sum + sent.length, 0) - clients.unanswered;
    say(`${mine.length} faults healed, ${acked} sends answered, ${clients.unanswered} in flight`);
  }
  return { faults, events, troubles, heals, backlogMs };
}

/** Time until the backlog was gone, ms; null if it was not before the rest ended. */
async function untilCaughtUp(ledger: Ledger, rest: { at: number; until: number }): Promise<number | null> {
  // While messages are sent the backlog is never 0 for long: about one batch is always in it.
  const batch = 100;
  while (performance.now() < rest.until) {
    const backlog = await ledger.backlog();
    if (backlog !== undefined && backlog <= batch) return Math.round(performance.now() - rest.at);
    await sleep(BACKLOG_POLL_MS);
  }
  return null;
}
