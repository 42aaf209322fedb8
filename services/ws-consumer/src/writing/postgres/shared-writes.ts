import type { Database } from "@parley/runtime/postgres";
import type { ShardPosition } from "../shard-log.ts";
import { BadEntryError, type Batch, type Written } from "../shard-store.ts";
import { findKnown, isThereAlready, type KnownEntries, withoutKnown } from "./known-entries.ts";
import { type EntryPlaces, hasEvents, paramsOf, type ShardWrite } from "./write-params.ts";
import { WRITE, WRITE_WITH_EVENTS } from "./write-statement.ts";

/** A statement takes no further shard once it has so many entries; then another one may use another core. */
const ENTRIES_ENOUGH = 200;
/** Data exceptions, broken constraints, and program limits (a key too long for its index). */
const BAD_ENTRY_CODES = /^(22|23|54)...$/;

/** So long after entries came that were stored already, others are looked for before they are sent, ms. */
const CAREFUL_MS = 1_000;
/** How often a statement that is refused for that may send for what is there. */
const LOOKS_MAX = 2;
const NONE: KnownEntries = new Map();
const NO_INDEX: ReadonlySet<number> = new Set();

type WriteRow = { moved: string | null; bases: Readonly<Record<number, number>> | null };
type Waiting = ShardWrite & PromiseWithResolvers<Written | undefined>;

/**
 * Lets the shards of one process share statements, because most of what a small batch costs is the statement and its
 * commit. What they write in one turn of the event loop goes out together; each has its own outcome. While that is under
 * way the next gathers: a second statement beside it would only make both smaller (docs/decisions/0023).
 */
export class SharedWrites {
  readonly #database: Database;
  #gathered: Waiting[] = [];
  #underway = 0;
  #carefulUntil = 0;
  #turn: PromiseWithResolvers<void> | undefined;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Resolves when a batch would be sent at once: until then it had better grow. */
  turn(): Promise<void> {
    if (this.#underway === 0) return Promise.resolve();
    this.#turn ??= Promise.withResolvers();
    return this.#turn.promise;
  }

  /** Gives what was written; undefined if the position was not right any more. */
  write(position: ShardPosition, batch: Batch): Promise<Written | undefined> {
    const waiting = { position, batch, ...Promise.withResolvers<Written | undefined>() };
    if (this.#gathered.push(waiting) === 1) setImmediate(() => this.#send());
    return waiting.promise;
  }

  #send(): void {
    const all = this.#gathered;
    this.#gathered = [];
    for (const writes of groupsOf(all)) void this.#store(writes);
  }

  async #store(writes: readonly Waiting[]): Promise<void> {
    this.#underway += 1;
    try {
      const written = await this.#write(writes);
      writes.forEach(({ resolve }, i) => {
        resolve(written[i]);
      });
    } catch (error) {
      // One shard's entry must not hold up the others: each is sent by itself, and hears what is wrong with its own.
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
   * Hardly ever is an entry stored already: the producers and the log recognise a repeated id for minutes. So nothing is
   * looked up until a statement has been refused for that; and looked up again if one of which nothing was heard was
   * carried out meanwhile.
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

  async #insert(writes: readonly ShardWrite[], known: KnownEntries): Promise<(Written | undefined)[]> {
    const fresh = known.size === 0 ? writes : withoutKnown(writes, known);
    const { params, places } = paramsOf(fresh);
    const [row] = await this.#database.query<WriteRow>(hasEvents(fresh) ? WRITE_WITH_EVENTS : WRITE, params);
    if (!row) throw new Error("the statement gave no row");
    const moved = new Set(row.moved?.split(",").map(Number));
    const next = seqsIn(row, places);
    return writes.map(({ position, batch: { entries } }) => {
      const seqs = entries.map((entry) => known.get(entry) ?? next());
      return moved.has(position.shard) ? { seqs, known: indexesOf(entries, known) } : undefined;
    });
  }
}

/** Gives the seqs of the entries that were new to the statement, one after the other. */
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

/** What goes into one statement: no shard twice, and in the order of shards, in which their rows are locked. */
function* groupsOf(all: Waiting[]): Generator<Waiting[]> {
  let group: Waiting[] = [];
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

function refuse(error: unknown): never {
  const { name, code } = error as { name?: string; code?: string };
  if (name === "PostgresError" && BAD_ENTRY_CODES.test(code ?? ""))
    throw new BadEntryError((error as Error).message, { cause: error });
  throw error;
}
