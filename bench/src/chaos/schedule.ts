import { createRandom, type Random } from "@parley/devstack/random";
import { FAULT_KINDS, type Fault, type FaultKind } from "./faults.ts";

/** Approximate length of a round, ms: every kind of fault once, then a rest in which everything must recover. */
const ROUND_MS = 36_000;
const REST_MS = 6_000;
/** After one fault alone, which may need an election or new leases. */
const REST_OF_ONE_MS = 8_000;
/** Of a cluster's round, before its fault. */
const LEAD_MS = 1_000;
/** A short run has one round, and this share of it is rest. */
const REST_SHARE_MAX = 0.25;
/** The shortest and longest delay of a slow link, ms; every third slow link stalls instead. */
const DELAY_LEAST_MS = 20;
const DELAY_MOST_MS = 250;
const STALL_SHARE = 1 / 3;

/** A part of the run: faults from `startMs` until `restMs`, none from there to `endMs`. */
type Round = Readonly<{ startMs: number; restMs: number; endMs: number }>;

export type Schedule = Readonly<{
  seed: number;
  durationMs: number;
  rounds: readonly Round[];
  /** In the order of their time. */
  faults: readonly Fault[];
}>;

/** Plans all faults of a run. The same seed and duration give the same schedule. */
export function planSchedule(seed: number, durationMs: number): Schedule {
  const random = createRandom(seed);
  const count = Math.max(1, Math.round(durationMs / ROUND_MS));
  const roundMs = durationMs / count;
  const restMs = Math.min(REST_MS, roundMs * REST_SHARE_MAX);
  const rounds = Array.from({ length: count }, (_, i) => ({
    startMs: i * roundMs,
    restMs: (i + 1) * roundMs - restMs,
    endMs: (i + 1) * roundMs,
  }));
  const faults = rounds.flatMap((round) => planRound(random, round));
  return { seed, durationMs, rounds, faults };
}

/** One of the kinds after the other, each in a round of its own, until `durationMs` has passed. */
export function oneByOne(kinds: readonly FaultKind[], seed: number, durationMs: number): Schedule {
  const random = createRandom(seed);
  const rounds: Round[] = [];
  const faults: Fault[] = [];
  for (let startMs = 0; startMs < durationMs; startMs = (rounds.at(-1) as Round).endMs) {
    const kind = kinds[rounds.length % kinds.length] as FaultKind;
    const [atMs, forMs] = [startMs + LEAD_MS, kind.leastMs];
    faults.push({ kind, atMs, forMs, choice: random.next(), delayMs: undefined });
    rounds.push({ startMs, restMs: atMs + forMs, endMs: atMs + forMs + REST_OF_ONE_MS });
  }
  return { seed, durationMs, rounds, faults };
}

/** Faults at given times: name of the kind, when, for how long, ms. */
export type Script = readonly (readonly [kind: string, atMs: number, forMs: number])[];

/** Repeats a script every `everyMs`. */
export function repeatScript(times: number, everyMs: number, script: Script): Script {
  return Array.from({ length: times }, (_, i) => i).flatMap((i) =>
    script.map(([kind, atMs, forMs]) => [kind, atMs + i * everyMs, forMs] as const),
  );
}

/**
 * A schedule of one round with exactly these faults; the seed only chooses among processes that are alike.
 *
 * @throws {Error} if there is no such kind.
 */
export function scriptedSchedule(seed: number, script: Script): Schedule {
  const random = createRandom(seed);
  const faults = script.map(([name, atMs, forMs]): Fault => {
    const kind = FAULT_KINDS.find((one) => one.name === name);
    if (kind === undefined) throw new Error(`there is no fault ${name}`);
    return { kind, atMs, forMs, choice: random.next(), delayMs: DELAY_MOST_MS };
  });
  const restMs = Math.max(...faults.map(({ atMs, forMs }) => atMs + forMs));
  const durationMs = restMs + REST_MS;
  return { seed, durationMs, rounds: [{ startMs: 0, restMs, endMs: durationMs }], faults };
}

/** Each kind once, in random order, evenly spaced with some jitter; all end before the rest begins. */
function planRound({ next }: Random, round: Round): Fault[] {
  const between = (least: number, most: number) => least + next() * (most - least);
  const span = round.restMs - round.startMs;
  const order = FAULT_KINDS.map((kind) => ({ kind, rank: next() })).sort((a, b) => a.rank - b.rank);
  const faults = order.map(({ kind }, i): Fault => {
    const forMs = Math.min(between(kind.leastMs, kind.mostMs), span);
    const wanted = round.startMs + ((i + next()) * span) / FAULT_KINDS.length;
    const isStalled = next() < STALL_SHARE;
    const delayMs = Math.round(between(DELAY_LEAST_MS, DELAY_MOST_MS));
    return {
      kind,
      atMs: Math.round(Math.min(wanted, round.restMs - forMs)),
      forMs: Math.round(forMs),
      choice: next(),
      delayMs: isStalled ? undefined : delayMs,
    };
  });
  return faults.sort((a, b) => a.atMs - b.atMs);
}
