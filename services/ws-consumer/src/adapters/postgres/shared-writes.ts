import type { Database } from "@parley/runtime/postgres";
import type { ShardPosition } from "../../application/shard-log.ts";
import { BadEntryError, type Batch, type Written } from "../../application/shard-store.ts";
import {
  hasEvents,
  paramsOf,
  type ShardWrite,
  WRITE,
  WRITE_WITH_EVENTS,
  type WriteRow,
  writtenOf,
} from "./write-statement.ts";

/** A statement takes no further shard once it has so many entries; then another one may use another core. */
const ENTRIES_ENOUGH = 200;
/** Data exceptions, broken constraints, and program limits (a key too long for its index). */
const BAD_ENTRY_CODES = /^(22|23|54)...$/;

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

  async #write(writes: readonly ShardWrite[]): Promise<(Written | undefined)[]> {
    const text = hasEvents(writes) ? WRITE_WITH_EVENTS : WRITE;
    const [row] = await this.#database.query<WriteRow>(text, paramsOf(writes)).catch(refuse);
    if (!row) throw new Error("the statement gave no row");
    return writtenOf(row, writes);
  }
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
