import { untilInterrupted } from "@parley/devstack/terminal";
import { sleep } from "@parley/runtime/deadline";
import { check, type Verdict } from "./checker.ts";
import { Clients } from "./clients.ts";
import { Commands } from "./commands.ts";
import { drain, gather } from "./drain.ts";
import { EarlyLook } from "./early-look.ts";
import type { Fault } from "./faults.ts";
import { inject } from "./inject.ts";
import { type Ledger, openLedger } from "./ledger.ts";
import type { NatsCluster } from "./nats-cluster.ts";
import type { Schedule } from "./schedule.ts";
import { type Stage, type StageOptions, startStage } from "./stage.ts";
import { type Heal, type Timing, timingOf } from "./timing.ts";

const SENDERS = 32;
/** Of all senders together. */
const SENDS_PER_SECOND = 800;
const ROOMS = Array.from({ length: 8 }, (_, i) => `room-${i}`);
const BACKLOG_POLL_MS = 100;
const COMMANDERS = 16;
/** While messages are sent the backlog is never 0 for long: about one batch is always in it. */
const BATCH = 100;

type RunOptions = StageOptions &
  Readonly<{
    schedule: Schedule;
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
  /** Faults that could not be undone, such as a process that does not start. */
  troubles: readonly string[];
  /** For each heal: time until the backlog was stored, ms; null: not before the next fault. */
  backlogMs: readonly (number | null)[];
  /** Lookups of a row right after its delivery. */
  looks: number;
  /** Refusals and closes by code. */
  refusals: Readonly<Record<string, number>>;
  gaps: number;
  /** Groups that were made meanwhile, and what became of them; most backends of the primary that is killed. */
  failover?: Readonly<{
    made: number;
    lost: number;
    answers: Readonly<Record<string, number>>;
    gapMs: number;
    backendsMost: number;
  }>;
  /** Each node's own copy of the log, compared with the others': what is equal, and what differs. */
  copies?: Awaited<ReturnType<NatsCluster["compare"]>>;
}>;

type Scene = Readonly<{ stage: Stage; ledger: Ledger; clients: Clients }>;

/** One run: all clients send and listen while the faults happen; then everything is healed, drained and checked. */
export async function runChaos(options: RunOptions): Promise<Outcome> {
  await using closers = new AsyncDisposableStack();
  const stage = await startStage(options, closers);
  options.say(`stack is up; logs in ${stage.logsDir}`);
  const ledger = await openLedger(stage.natsUrl, stage.databaseUrl, options.statements);
  closers.defer(() => ledger.close());
  const clients = await Clients.open({
    seed: options.schedule.seed,
    authUrl: stage.stack.urls.auth as string,
    senders: SENDERS,
    rooms: ROOMS,
    producerSockets: stage.producerSockets,
    consumerSockets: stage.consumerSockets,
    sendsPerSecond: SENDS_PER_SECOND,
  });
  closers.defer(() => clients.close());
  return await untilInterrupted(perform(options, { stage, ledger, clients }));
}

async function perform({ schedule, say }: RunOptions, { stage, ledger, clients }: Scene): Promise<Outcome> {
  const look = new EarlyLook();
  clients.onMessage((room, entry) => void look.take(ledger, room, entry));
  const startedAt = performance.now();
  clients.startSending();
  const { pair } = stage;
  const tokens = clients.senders.slice(0, COMMANDERS).map(({ account }) => account.token);
  const commands = pair && new Commands(stage.consumerUrls, tokens);
  const watching = pair?.watch();
  const { heals, ...happened } = await happen(schedule, { stage, ledger, clients }, say);
  clients.stopSending();
  await commands?.stop();
  const durationMs = performance.now() - startedAt;
  const scene = { ledger, clients, rooms: ROOMS };
  await drain(scene, say);
  const historyUrl = stage.stack.urls["ws-consumer"] as string;
  const evidence = await gather(scene, historyUrl, look.early);
  // Nothing may be written while the copies are read.
  if (stage.cluster !== undefined) await stage.stack.stop();
  const copies = await stage.cluster?.compare();
  await watching;
  const failover = commands && {
    made: commands.made.length,
    lost: await ledger.countMissing(commands.made),
    answers: commands.answers,
    gapMs: Math.round(commands.gapMs),
    backendsMost: pair?.backendsMost ?? 0,
  };
  const refusals: Record<string, number> = {};
  for (const client of [...clients.senders, ...clients.listeners])
    for (const [code, count] of Object.entries(client.refusals))
      refusals[code] = (refusals[code] ?? 0) + count;
  return {
    verdict: check(evidence),
    timing: timingOf(
      clients.senders.map(({ sent }) => sent),
      heals,
    ),
    sends: evidence.sent.length,
    durationMs,
    ...happened,
    looks: look.looks,
    refusals,
    gaps: clients.listeners.reduce((sum, { gaps }) => sum + gaps, 0),
    ...(copies && { copies }),
    ...(failover && { failover }),
  };
}

/** Injects the faults of each round, waits until all are over, and measures the rest of the round. */
async function happen(schedule: Schedule, { stage, ledger, clients }: Scene, say: (line: string) => void) {
  const startedAt = performance.now();
  const faults: Record<string, number> = {};
  const troubles: string[] = [];
  const heals: Heal[] = [];
  const backlogMs: (number | null)[] = [];
  const strike = async (fault: Fault) => {
    const { name } = fault.kind;
    await sleep(Math.max(0, startedAt + fault.atMs - performance.now()));
    faults[name] = (faults[name] ?? 0) + 1;
    await inject(fault, stage, clients).catch((error: unknown) => troubles.push(`${name}: ${error}`));
  };
  for (const round of schedule.rounds) {
    const mine = schedule.faults.filter(({ atMs }) => atMs >= round.startMs - 1 && atMs < round.endMs - 1);
    // Later than planned if the round before took longer.
    const from = Math.max(performance.now(), startedAt + Math.min(...mine.map(({ atMs }) => atMs)));
    await Promise.all(mine.map(strike));
    const at = performance.now();
    const rest = { from, at, until: Math.max(startedAt + round.endMs, at + round.endMs - round.restMs) };
    heals.push(rest);
    backlogMs.push(await untilCaughtUp(ledger, rest));
    await sleep(Math.max(0, rest.until - performance.now()));
    const acked = clients.senders.reduce((sum, { sent }) => sum + sent.length, 0) - clients.unanswered;
    say(`${mine.length} faults healed, ${acked} sends answered, ${clients.unanswered} in flight`);
  }
  return { faults, troubles, heals, backlogMs };
}

/** Time until the backlog was gone, ms; null if it was not before the rest ended. */
async function untilCaughtUp(ledger: Ledger, { at, until }: Heal): Promise<number | null> {
  for (; performance.now() < until; await sleep(BACKLOG_POLL_MS)) {
    const backlog = await ledger.backlog();
    if (backlog !== undefined && backlog <= BATCH) return Math.round(performance.now() - at);
  }
  return null;
}
