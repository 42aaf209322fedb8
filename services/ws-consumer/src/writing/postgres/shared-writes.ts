import { crashPoint } from "@parley/runtime/crash-point";
import type { Database } from "@parley/runtime/postgres";
import type { ShardPosition } from "../shard-log.ts";
import { BadEntryError, type Batch, FencedError, type ShardStore, type Written } from "../shard-store.ts";
import { findTargets, withTargets } from "./find-targets.ts";
import { findKnown, isThereAlready, type KnownEntries, withoutKnown } from "./known-entries.ts";
import { refusalOf } from "./refusal.ts";
import { type EntryPlaces, type ShardWrite, type WriteRow, writeStatement } from "./write-statement.ts";

/** A statement with this many entries takes no further shard: the next one can use another core of Postgres. */
const ENTRIES_ENOUGH = 200;

/** How long, after a stored entry came again, entries are looked up before each statement, ms. */
const CAREFUL_MS = 1_000;
/** Look-ups after which a statement that is still refused fails. */
const LOOKS_MAX = 2;
const NONE: KnownEntries = new Map();
const NO_INDEX: ReadonlySet<number> = new Set();

type PendingWrite = ShardWrite & PromiseWithResolvers<Written | undefined>;

/**
 * Lets the shards of one process share statements, because most of the cost of a small batch is the statement and its
 * commit. Batches of one turn of the event loop are sent together; each has its own outcome. While a statement is under
 * way the next batches gather: a second statement beside it would only make both smaller (docs/decisions/0023).
 */
export class SharedWrites implements Pick<ShardStore, "turn" | "write"> {
  readonly #database: Database;
  #gathered: PendingWrite[] = [];
  #underway = 0;
  #carefulUntil = 0;
  #turn: PromiseWithResolvers<void> | undefined;

  constructor(database: Database) {
    this.#database = database;
  }

  readonly turn = (): Promise<void> => {
    if (this.#underway === 0) return Promise.resolve();
    this.#turn ??= Promise.withResolvers();
    return this.#turn.promise;
  };

  readonly write = async (position: ShardPosition, batch: Batch): Promise<Written> => {
    crashPoint("writer-before-write");
    const pending = { position, batch, ...Promise.withResolvers<Written | undefined>() };
    if (this.#gathered.push(pending) === 1) setImmediate(() => this.#send());
    const written = await pending.promise;
    if (!written) {
      const { shard, epoch, cursor } = position;
      throw new FencedError(`shard ${shard} is not at epoch ${epoch} and cursor ${cursor}`);
    }
    crashPoint("writer-after-write");
    return written;
  };

  #send(): void {
    const all = this.#gathered;
    this.#gathered = [];
    for (const writes of groupsOf(all)) void this.#store(writes);
  }

  async #store(writes: readonly PendingWrite[]): Promise<void> {
    this.#underway += 1;
    try {
      const written = await this.#write(writes);
      writes.forEach(({ resolve }, i) => {
        resolve(written[i]);
      });
    } catch (error) {
      // One shard's bad entry must not block the others: each is sent alone, and fails or succeeds alone.
      if (writes.length > 1 && error instanceof BadEntryError)
        for (const one of writes) void this.#store([one]);
      else for (const { reject } of writes) reject(error);
    } finally {
      this.#underway -= 1;
      this.#turn?.resolve();
      this.#turn = undefined;
    }
  }

  /**
   * Entries are assumed to be new, because producers and the log recognise a repeated id for minutes. They
   * are looked up only after a statement was refused for a stored entry; and again if the outcome of an earlier statement
   * was unknown and it was carried out meanwhile.
   */
  async #write(writes: readonly ShardWrite[]): Promise<(Written | undefined)[]> {
    let known = performance.now() < this.#carefulUntil ? await this.#look(writes) : NONE;
    for (let looks = 0; ; looks += 1) {
      try {
        return await this.#insert(writes, known);
      } catch (error) {
        if (!isThereAlready(error) || looks === LOOKS_MAX) return refuse(error);
      }
      known = await this.#look(writes);
    }
  }

  async #look(writes: readonly ShardWrite[]): Promise<KnownEntries> {
    const known = await findKnown(this.#database, writes).catch(refuse);
    if (known.size > 0) this.#carefulUntil = performance.now() + CAREFUL_MS;
    return known;
  }

  /** Sends the statement; for each write, returns what was stored, or undefined if its position was fenced. */
  async #insert(writes: readonly ShardWrite[], known: KnownEntries): Promise<(Written | undefined)[]> {
    const unknown = withoutKnown(writes, known);
    const targets = await findTargets(this.#database, unknown);
    const statement = statementOf(targets ? withTargets(unknown, targets) : unknown);
    const [row] = await this.#database.query<WriteRow>(statement.text, statement.params);
    if (!row) throw new Error("the statement returned no row");
    const moved = new Set(row.moved?.split(",").map(Number));
    const nextSeq = seqsIn(row, statement);
    let noted = row.noted ?? undefined;
    return writes.map(({ position, batch: { entries } }) => {
      const seqs = entries.map((entry) => known.get(entry) ?? (targets?.missing.has(entry) ? 0 : nextSeq()));
      if (!moved.has(position.shard)) return undefined;
      // The first write announces those of all.
      const written = { seqs, known: indexesOf(entries, known), targets, noted };
      noted = undefined;
      return written;
    });
  }
}

/** Returns a function that gives the seqs of the new entries, one call after the other. */
function seqsIn({ bases }: WriteRow, { rooms, places }: EntryPlaces): () => number {
  let i = 0;
  return () => {
    const seq = (bases?.[rooms[i] ?? 0] ?? 0) + (places[i] ?? 0);
    i += 1;
    return seq;
  };
}

function indexesOf(entries: Batch["entries"], known: KnownEntries): ReadonlySet<number> {
  if (known.size === 0) return NO_INDEX;
  return new Set(entries.flatMap((entry, index) => (known.has(entry) ? [index] : [])));
}

/** Divides writes into statements: no shard twice in one, and ordered by shard, the order in which rows are locked. */
function* groupsOf(all: PendingWrite[]): Generator<PendingWrite[]> {
  let group: PendingWrite[] = [];
  let entries = 0;
  for (const one of all.sort((a, b) => a.position.shard - b.position.shard)) {
    if (entries >= ENTRIES_ENOUGH || group.at(-1)?.position.shard === one.position.shard) {
      yield group;
      group = [];
      entries = 0;
    }
    group.push(one);
    entries += one.batch.entries.length;
  }
  yield group;
}

/** @throws {BadEntryError} if the statement cannot be made: what an entry holds must not stop the shard. */
function statementOf(writes: readonly ShardWrite[]): ReturnType<typeof writeStatement> {
  try {
    return writeStatement(writes);
  } catch (cause) {
    throw new BadEntryError(`no statement can be made: ${cause}`, undefined, { cause });
  }
}

/** Throws a `BadEntryError` if Postgres refused an entry, else the error itself. */
function refuse(error: unknown): never {
  const refusal = refusalOf(error);
  if (refusal) throw new BadEntryError((error as Error).message, refusal, { cause: error });
  throw error;
}
