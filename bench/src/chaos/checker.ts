import type { Entry, Evidence, Reception, Row, Sent } from "./evidence.ts";

/** What each column of the verdict counts. */
export const COLUMNS = {
  lost: "acknowledged, and not in history",
  duplicated: "more than once in history, or delivered twice to one member",
  unexpected: "in history, and never sent like that",
  holes: "seqs missing in a room, or skipped in a member's live order",
  inversions: "delivered to a member after a later one",
  missing: "never delivered to a member that subscribed",
  early: "delivered to a member before it was committed",
  contradicted: "answered twice with different results, or with a seq that is not its own",
  reordered: "in another order at a member, in REST or in the log than in the rows",
  unfenced: "a shard's cursor moved back",
} as const;
export type Column = keyof typeof COLUMNS;

export type Verdict = Readonly<{
  counts: Readonly<Record<Column, number>>;
  /** The first few of each column. */
  samples: Readonly<Partial<Record<Column, readonly string[]>>>;
  /** Sends that were acknowledged, and sends without any outcome. */
  acked: number;
  unknown: number;
  received: number;
}>;

const SAMPLES_MAX = 5;

class Findings {
  readonly counts = Object.fromEntries(Object.keys(COLUMNS).map((column) => [column, 0])) as Record<
    Column,
    number
  >;
  readonly samples: Partial<Record<Column, string[]>> = {};

  add(column: Column, sample: string, count = 1): void {
    this.counts[column] += count;
    this.samples[column] ??= [];
    if (this.samples[column].length < SAMPLES_MAX) this.samples[column].push(sample);
  }
}

const keyOf = (room: string, { author, id }: { author: string; id: string }) => `${room} ${author} ${id}`;

/** Compares what clients saw with what is stored. A pure function. */
export function check(evidence: Evidence): Verdict {
  const findings = new Findings();
  const byKey = checkRows(evidence, findings);
  checkSent(evidence.sent, byKey, findings);
  checkHistory(evidence, findings);
  const byRoom = Map.groupBy(evidence.rows, ({ room }) => room);
  for (const reception of evidence.receptions)
    checkReception(reception, byRoom.get(reception.room) ?? [], findings);
  for (const sample of evidence.early) findings.add("early", sample);
  if (evidence.cursorsBack > 0) findings.add("unfenced", "by the database's trigger", evidence.cursorsBack);
  return {
    counts: findings.counts,
    samples: findings.samples,
    acked: evidence.sent.filter(({ acks }) => acks.length > 0).length,
    unknown: evidence.sent.filter(isUnknown).length,
    received: evidence.receptions.reduce((sum, { received }) => sum + received.length, 0),
  };
}

const isUnknown = ({ acks, refusals }: Sent) => acks.length === 0 && refusals.length === 0;

/** Checks the rows alone; gives them by message. */
function checkRows({ rows, sent }: Evidence, findings: Findings): Map<string, Row> {
  const sentByKey = new Map(sent.map((one) => [keyOf(one.room, one), one]));
  const byKey = new Map<string, Row>();
  let last: Row | undefined;
  for (const row of rows) {
    const key = keyOf(row.room, row);
    if (byKey.has(key)) findings.add("duplicated", `${key} is at ${byKey.get(key)?.seq} and ${row.seq}`);
    else byKey.set(key, row);
    if (sentByKey.get(key)?.body !== row.body) findings.add("unexpected", `${key} at ${row.seq}`);
    const before = last?.room === row.room ? last : undefined;
    const missing = row.seq - (before?.seq ?? 0) - 1;
    if (missing > 0) findings.add("holes", `${row.room}: ${missing} before ${row.seq}`, missing);
    if (before !== undefined && row.logSeq < before.logSeq)
      findings.add("reordered", `${row.room}: ${row.seq} was before ${before.seq} in the log`);
    last = row;
  }
  return byKey;
}

function checkSent(sent: readonly Sent[], byKey: ReadonlyMap<string, Row>, findings: Findings): void {
  for (const one of sent) {
    const key = keyOf(one.room, one);
    const row = byKey.get(key);
    if (row === undefined && (one.acks.length > 0 || one.seqs.length > 0)) findings.add("lost", key);
    if (one.acks.length > 0 && one.refusals.length > 0)
      findings.add("contradicted", `${key}: acknowledged and ${one.refusals.join()}`);
    for (const seq of one.seqs)
      if (row !== undefined && seq !== row.seq)
        findings.add("contradicted", `${key}: told ${seq}, is at ${row.seq}`);
  }
}

/** REST must give the rows, in their order. */
function checkHistory({ rows, history }: Evidence, findings: Findings): void {
  const byRoom = Map.groupBy(rows, ({ room }) => room);
  for (const [room, entries] of history) {
    const stored = byRoom.get(room) ?? [];
    const length = Math.max(stored.length, entries.length);
    for (let i = 0; i < length; i += 1)
      if (!isSame(entries[i], stored[i])) findings.add("reordered", `${room}: REST differs at ${i + 1}`);
  }
}

function isSame(one: Entry | undefined, other: Entry | undefined): boolean {
  if (one === undefined || other === undefined) return false;
  return (
    one.seq === other.seq && one.author === other.author && one.id === other.id && one.body === other.body
  );
}

function checkReception(
  { member, room, after, received }: Reception,
  rows: readonly Row[],
  findings: Findings,
) {
  const bySeq = new Map(rows.map((row) => [row.seq, row]));
  const seen = new Set<number>();
  let last = after;
  for (const entry of received) {
    const where = `${member}: ${room} ${entry.seq} on connection ${entry.connection}`;
    if (seen.has(entry.seq)) findings.add("duplicated", where);
    else if (entry.seq < last) findings.add("inversions", `${where} after ${last}`);
    else if (entry.seq > last + 1) findings.add("holes", `${where} after ${last}`, entry.seq - last - 1);
    seen.add(entry.seq);
    last = Math.max(last, entry.seq);
    const row = bySeq.get(entry.seq);
    if (row === undefined) findings.add("early", `${where} is in no row`);
    else if (!isSame(entry, row)) findings.add("reordered", `${where} is ${entry.author} ${entry.id}`);
  }
  const missing = rows.filter(({ seq }) => seq > after && !seen.has(seq));
  if (missing.length > 0)
    findings.add("missing", `${member}: ${room} ${missing[0]?.seq} and others`, missing.length);
}
