import { PartialFault } from "@parley/runtime/health";
import { Histogram, LATENCY_SECONDS, SIZES } from "@parley/runtime/histogram";
import { assignShards, type FreeShards } from "./assign-shards.ts";
import { InstallationError, type Survey } from "./shard-store.ts";
import type { WriterCounters } from "./store-batch.ts";
import { type ShardWriter, type WriterDependencies, writeShard } from "./write-shard.ts";

/** Interval of surveys, ms. */
const SURVEY_EVERY_MS = 500;
/** Interval at which the cursors of all shards are announced, ms, also when nothing is stored. */
const PROGRESS_EVERY_MS = 400;
/** How long the log may be unreachable before this instance gives its shards to others, ms. */
const LOG_PATIENCE_MS = 3_000;
/** Maximum age of the last survey for this instance to count as ready, ms. */
const SURVEY_AGE_MAX_MS = 3_000;
const TRIM_EVERY_MS = 60_000;
const NS_PER_S = 1e9;
const EARLY_TRIM =
  "the log is more than half full: entries younger than LOG_KEEP_HOURS were deleted; raise LOG_MAX_BYTES";

export type WritersOptions = Omit<WriterDependencies, "counters"> &
  Readonly<{
    /**
     * Name that no other living process has, best the same after a restart (host and port): a process that returns under
     * its name acquires its shards at once, without waiting for its own leases to end.
     */
    instance: string;
    /** LOG_SHARDS. */
    shards: number;
    free: FreeShards;
  }>;

/** The writers of this instance: its share of all shards, changing as instances come and go. */
export interface Writers {
  /** @throws {InstallationError} if the database was installed with another number of shards. */
  start(): Promise<void>;
  /** Waits for the statements under way and hands over all shards. */
  close(): Promise<void>;
  /**
   * @throws {Error} that names the fault: Postgres does not answer, or a shard has no writer or makes no progress;
   * `PartialFault` if it is of some shards only.
   */
  check(): void;
  readonly counters: Readonly<WriterCounters>;
  /** Cursors of the shards that this instance writes. */
  cursors(): ReadonlyMap<number, number>;
  /** By shard that this instance writes: age of the oldest entry that was read and is not stored, s; 0 if there is none. */
  lags(): ReadonlyMap<number, number>;
}

/** Creates the writers; `start` begins to acquire shards. */
export function createWriters(options: WritersOptions): Writers {
  const counters = {
    stored: 0,
    duplicates: 0,
    deadLetters: 0,
    deadLettersRefused: 0,
    batches: 0,
    batchEntries: new Histogram(SIZES),
    commitSeconds: new Histogram(LATENCY_SECONDS),
    deliverSeconds: new Histogram(LATENCY_SECONDS),
    restarts: 0,
    fenced: 0,
  };
  const assignment = new ShardAssignment(options, { ...options, counters });
  return {
    start: () => assignment.start(),
    close: () => assignment.close(),
    check: () => assignment.check(),
    counters,
    lags: () =>
      new Map([...assignment.writers].map(([shard, { oldestUnstored }]) => [shard, ageOf(oldestUnstored)])),
    cursors: () => new Map([...assignment.writers].map(([shard, { position }]) => [shard, position.cursor])),
  };
}

/** Seconds since a time in ns since 1970. */
function ageOf(logTime: string | undefined): number {
  return logTime === undefined ? 0 : Math.max(0, Date.now() / 1_000 - Number(logTime) / NS_PER_S);
}

/** Acquires and hands over shards, survey by survey, and runs a writer for each shard that it holds. */
class ShardAssignment {
  readonly writers = new Map<number, ShardWriter>();
  readonly #options: WritersOptions;
  readonly #deps: WriterDependencies;
  #isInstalled = false;
  #isClosing = false;
  #survey: Survey | undefined;
  #surveyedAt = 0;
  #trouble: Error | undefined;
  #reachableAt = performance.now();
  #trimmedAt = performance.now();
  #timers: NodeJS.Timeout[] = [];
  #running: Promise<void> | undefined;
  #runAgain = false;
  #stopListening = () => {};

  constructor(options: WritersOptions, deps: WriterDependencies) {
    this.#options = options;
    this.#deps = deps;
  }

  async start(): Promise<void> {
    this.#stopListening = this.#options.free.listen(() => void this.#run());
    await this.#run();
    if (this.#trouble instanceof InstallationError) {
      await this.close();
      throw this.#trouble;
    }
    if (this.#isClosing) return;
    this.#timers = [
      setInterval(() => void this.#run(), SURVEY_EVERY_MS),
      setInterval(() => this.#announceProgress(), PROGRESS_EVERY_MS),
    ];
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    for (const timer of this.#timers) clearInterval(timer);
    this.#stopListening();
    await this.#running;
    await Promise.all([...this.writers.values()].map((writer) => this.#handOver(writer)));
    const { store, instance, free, report } = this.#options;
    await store.leave(instance).catch((err) => report("warn", "could not sign off", { err }));
    free.announce();
  }

  check(): void {
    if (this.#trouble) throw this.#trouble;
    if (!this.#survey || performance.now() - this.#surveyedAt > SURVEY_AGE_MAX_MS)
      throw new Error("postgres does not answer");
    const { instance } = this.#options;
    const idle = this.#survey.shards
      .filter(({ shard, isFree, holder }) => (isFree || holder === instance) && !this.writers.has(shard))
      .map(({ shard }) => `nobody writes shard ${shard}`);
    const troubled = [...this.writers.values()].flatMap(({ trouble, position }) =>
      trouble === undefined ? [] : [`shard ${position.shard}: ${trouble}`],
    );
    const faults = [...idle, ...troubled];
    if (faults.length === 0) return;
    // Where no writer of this instance gets on, another instance may do better.
    const someWrites = this.writers.size === 0 || troubled.length < this.writers.size;
    const isPartial = someWrites && faults.length < this.#survey.shards.length;
    throw isPartial ? new PartialFault(faults.join("; ")) : new Error(faults.join("; "));
  }

  #announceProgress(): void {
    for (const { position } of this.writers.values())
      this.#options.publisher.progress(position.shard, position.cursor);
  }

  /** Runs one survey at a time; one requested meanwhile follows it. */
  #run(): Promise<void> {
    this.#runAgain = this.#running !== undefined;
    this.#running ??= this.#surveyAndAssign()
      .then(
        () => {
          this.#trouble = undefined;
        },
        (error: unknown) => {
          const isFirst = this.#trouble === undefined;
          this.#trouble = error instanceof Error ? error : new Error(String(error));
          if (isFirst) this.#options.report("error", "could not survey the shards", { err: error });
        },
      )
      .finally(() => {
        this.#running = undefined;
        if (this.#runAgain && !this.#isClosing) void this.#run();
      });
    return this.#running;
  }

  async #surveyAndAssign(): Promise<void> {
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
    const { take, give, drop } = assignShards(instance, new Set(this.writers.keys()), survey);
    const surplus = give === undefined ? undefined : this.writers.get(give);
    if (surplus) await this.#handOver(surplus);
    for (const { shard, epoch } of drop) await store.release(shard, epoch);
    if (drop.length > 0) this.#options.free.announce();
    for (const shard of take) await this.#takeOver(shard);
    this.#trimLogs();
  }

  async #takeOver(shard: number): Promise<void> {
    const { store, instance, report } = this.#options;
    const position = await store.acquire(shard, instance);
    if (!position) return;
    const { epoch, cursor } = position;
    report("info", "acquired a shard", { shard, epoch, cursor });
    const writer = writeShard(position, this.#deps);
    this.writers.set(shard, writer);
    void writer.stopped.then(() => this.writers.delete(shard));
  }

  async #handOver(writer: ShardWriter): Promise<void> {
    const { store, free, report } = this.#options;
    await writer.stop();
    const { shard, epoch, cursor } = writer.position;
    try {
      await store.release(shard, epoch);
      report("info", "released a shard", { shard, cursor });
    } catch (err) {
      report("warn", "could not release a shard: its lease will end by itself", { shard, err });
    }
    free.announce();
  }

  #trimLogs(): void {
    if (performance.now() - this.#trimmedAt < TRIM_EVERY_MS) return;
    this.#trimmedAt = performance.now();
    const { log, report } = this.#options;
    for (const { position } of this.writers.values())
      log
        .trim(position)
        .then((isEarly) => isEarly && report("warn", EARLY_TRIM, { shard: position.shard }))
        .catch((err) => report("warn", "could not trim the log", { shard: position.shard, err }));
  }
}
