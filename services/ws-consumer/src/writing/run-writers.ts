import { InstallationError, type Survey } from "./shard-store.ts";
import { chooseShift, type FreeShards } from "./share-shards.ts";
import type { WriterCounters } from "./store-batch.ts";
import { type ShardWriter, type WriterParts, writeShard } from "./write-shard.ts";

/** How often an instance looks around, ms. */
const LOOK_EVERY_MS = 500;
/** How often it tells how far its shards have come, whatever else happens, ms. */
const PROGRESS_EVERY_MS = 400;
/** How long the log may be out of reach before another instance is let to try, ms. */
const LOG_PATIENCE_MS = 3_000;
/** How old a look around may be while this instance counts as ready, ms. */
const LOOK_AGE_MAX_MS = 3_000;
const TRIM_EVERY_MS = 60_000;

export type WritersOptions = Omit<WriterParts, "counters"> &
  Readonly<{
    /**
     * A name that no other living process has. Better the same after a restart (host and port): a process that
     * comes back under its name takes its shards at once, without waiting for its own leases to end.
     */
    instance: string;
    /** LOG_SHARDS. */
    shards: number;
    free: FreeShards;
  }>;

/** The writers of this instance: its share of all shards, changing as instances come and go. */
export interface Writers {
  /** @throws {InstallationError} if the database was made for another number of shards. */
  start(): Promise<void>;
  /** Ends the statements under way and hands over all shards. */
  close(): Promise<void>;
  /** @throws {Error} that says what is wrong: Postgres does not answer, or a shard has no writer or is stuck. */
  check(): void;
  readonly counters: Readonly<WriterCounters>;
  /** How far the shards have come that this instance writes. */
  cursors(): ReadonlyMap<number, number>;
}

export function createWriters(options: WritersOptions): Writers {
  const counters = {
    stored: 0,
    duplicates: 0,
    deadLetters: 0,
    batches: 0,
    writeMs: 0,
    restarts: 0,
    fenced: 0,
  };
  const crew = new Crew(options, { ...options, counters });
  return {
    start: () => crew.start(),
    close: () => crew.close(),
    check: () => crew.check(),
    counters,
    cursors: () => new Map([...crew.writers].map(([shard, { position }]) => [shard, position.cursor])),
  };
}

class Crew {
  readonly writers = new Map<number, ShardWriter>();
  readonly #options: WritersOptions;
  readonly #parts: WriterParts;
  #isInstalled = false;
  #isClosing = false;
  #survey: Survey | undefined;
  #surveyedAt = 0;
  #trouble: Error | undefined;
  #reachableAt = performance.now();
  #trimmedAt = performance.now();
  #timers: NodeJS.Timeout[] = [];
  #looking: Promise<void> | undefined;
  #lookAgain = false;
  #stopListening = () => {};

  constructor(options: WritersOptions, parts: WriterParts) {
    this.#options = options;
    this.#parts = parts;
  }

  async start(): Promise<void> {
    this.#stopListening = this.#options.free.listen(() => void this.#look());
    await this.#look();
    if (this.#trouble instanceof InstallationError) {
      await this.close();
      throw this.#trouble;
    }
    if (this.#isClosing) return;
    this.#timers = [
      setInterval(() => void this.#look(), LOOK_EVERY_MS),
      setInterval(() => this.#tellProgress(), PROGRESS_EVERY_MS),
    ];
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    for (const timer of this.#timers) clearInterval(timer);
    this.#stopListening();
    await this.#looking;
    await Promise.all([...this.writers.values()].map((writer) => this.#handOver(writer)));
    const { store, instance, free, report } = this.#options;
    await store.leave(instance).catch((err) => report("warn", "could not sign off", { err }));
    free.announce();
  }

  check(): void {
    if (this.#trouble) throw this.#trouble;
    if (!this.#survey || performance.now() - this.#surveyedAt > LOOK_AGE_MAX_MS)
      throw new Error("postgres does not answer");
    const { instance } = this.#options;
    const idle = this.#survey.shards
      .filter(({ shard, isFree, holder }) => (isFree || holder === instance) && !this.writers.has(shard))
      .map(({ shard }) => shard);
    if (idle.length > 0) throw new Error(`nobody writes shard ${idle.join(", ")}`);
    for (const { trouble, position } of this.writers.values())
      if (trouble !== undefined) throw new Error(`shard ${position.shard}: ${trouble}`);
  }

  #tellProgress(): void {
    for (const { position } of this.writers.values())
      this.#options.feed.progress(position.shard, position.cursor);
  }

  /** One look at a time; one that is asked for meanwhile follows on it. */
  #look(): Promise<void> {
    this.#lookAgain = this.#looking !== undefined;
    this.#looking ??= this.#lookAround()
      .then(
        () => {
          this.#trouble = undefined;
        },
        (error: unknown) => {
          const first = this.#trouble === undefined;
          this.#trouble = error instanceof Error ? error : new Error(String(error));
          if (first) this.#options.report("error", "could not look after the shards", { err: error });
        },
      )
      .finally(() => {
        this.#looking = undefined;
        if (this.#lookAgain && !this.#isClosing) void this.#look();
      });
    return this.#looking;
  }

  async #lookAround(): Promise<void> {
    const { store, log, instance, shards } = this.#options;
    if (!this.#isInstalled) await store.install(shards);
    this.#isInstalled = true;
    if (log.isReachable()) this.#reachableAt = performance.now();
    const isAble = performance.now() - this.#reachableAt < LOG_PATIENCE_MS;
    const survey = await store.survey(instance, isAble);
    this.#survey = survey;
    this.#surveyedAt = performance.now();
    for (const { shard, holder } of survey.shards)
      if (holder !== instance) void this.writers.get(shard)?.stop();
    if (this.#isClosing) return;
    const { take, give, drop } = chooseShift(instance, new Set(this.writers.keys()), survey);
    const surplus = give === undefined ? undefined : this.writers.get(give);
    if (surplus) await this.#handOver(surplus);
    for (const { shard, epoch } of drop) await store.release(shard, epoch);
    if (drop.length > 0) this.#options.free.announce();
    for (const shard of take) await this.#takeOver(shard);
    this.#trimAtTimes();
  }

  async #takeOver(shard: number): Promise<void> {
    const { store, instance, report } = this.#options;
    const position = await store.acquire(shard, instance);
    if (!position) return;
    report("info", "writes this shard from here on", {
      shard,
      epoch: position.epoch,
      cursor: position.cursor,
    });
    const writer = writeShard(position, this.#parts);
    this.writers.set(shard, writer);
    void writer.stopped.then(() => this.writers.delete(shard));
  }

  async #handOver(writer: ShardWriter): Promise<void> {
    const { store, free, report } = this.#options;
    await writer.stop();
    const { shard, epoch, cursor } = writer.position;
    try {
      await store.release(shard, epoch);
      report("info", "gave this shard back", { shard, cursor });
    } catch (err) {
      report("warn", "could not give a shard back: its lease will end by itself", { shard, err });
    }
    free.announce();
  }

  #trimAtTimes(): void {
    if (performance.now() - this.#trimmedAt < TRIM_EVERY_MS) return;
    this.#trimmedAt = performance.now();
    const { log, report } = this.#options;
    for (const { position } of this.writers.values())
      log
        .trim(position)
        .catch((err) => report("warn", "could not trim the log", { shard: position.shard, err }));
  }
}
