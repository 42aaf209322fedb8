import { availableParallelism } from "node:os";
import { sleep } from "@parley/runtime/deadline";
import type { Log } from "@parley/runtime/log";
import { AuthError } from "./auth-error.ts";
import { FairQueue, type Turn } from "./fair-queue.ts";
import { HasherChild } from "./hasher-child.ts";
import type { HashAnswer, HashRequest } from "./hasher-process.ts";
import { HASH_PARAMETERS, type HashParameters } from "./password-rules.ts";

/** Hashes running at once: at most two (19 MiB each), and one processor is left to the services. */
export const HASHES_IN_FLIGHT_MAX = Math.max(1, Math.min(2, availableParallelism() - 1));
/** Longest time in the queue, ms. */
const QUEUE_DEADLINE_MS = 10_000;
/** Longest wait for a spacing, ms; a login that would have to wait longer is refused at once. */
const SPACING_WAIT_MS_MAX = 8_000;
/** A hash takes 20 to 50 ms; a process that needs longer than this is stuck and is killed, ms. */
const HASH_DEADLINE_MS = 10_000;
const RETRY_AFTER_MS = 1_000;
/** Refusals are delayed by this, ms: clients that retry at once would keep auth busy with refusing. */
const REFUSAL_DELAY_MS = 500;
/** Refusals delayed at once; further ones are sent immediately. */
const DELAYED_REFUSALS_MAX = 500;
/** Share of all processors that hashing may use while requests queue. */
const PROCESSORS_SHARE = 1 / 6;
/** Idle time after each hash while requests queue, as a multiple of the time the hash took. */
const IDLE_FACTOR = Math.max(0, HASHES_IN_FLIGHT_MAX / (availableParallelism() * PROCESSORS_SHARE) - 1);
const IDLE_MAX_MS = 50;

/**
 * Hashes passwords in a child process, because argon2 would share libuv's thread pool with the
 * verification of tokens (docs/decisions/0013-password-process.md).
 */
export interface Hasher {
  /**
   * Hashes a password with argon2id, when it is this account's and address' turn.
   *
   * @throws {AuthError} `rate_limited` if it has no place in the queue or waits too long; `unavailable` if the process died,
   * is stuck or is closing.
   */
  hash(password: string, turn: Turn): Promise<string>;
  /**
   * Compares a password with a hash. Without a hash it does the same work and answers `matches: false`. `stale` means
   * that the hash was made with other parameters than today's. Throws as `hash` does.
   */
  verify(
    password: string,
    hash: string | undefined,
    turn: Turn,
  ): Promise<{ matches: boolean; stale: boolean }>;
  /**
   * Refuses an account that has enough requests queued from an address, so that callers do no other work first.
   *
   * @throws {AuthError} `rate_limited`.
   */
  admit(account: string, address: string): Promise<void>;
  /** Passwords that wait to be hashed, or are being hashed. */
  queued(): number;
  /** Readiness. @throws {Error} if the process is not running. */
  check(): void;
  /** The id of the process, for tests. */
  pid(): number | undefined;
  /** Kills the process; whatever is queued or running fails with `unavailable`. */
  close(): void;
}

type Job = {
  request: HashRequest;
  /** When it was sent to the process; monotonic, ms. */
  sentAt: number;
  timer: NodeJS.Timeout;
  resolve: (answer: HashAnswer) => void;
  reject: (error: Error) => void;
};

const hints = { retryAfterMs: RETRY_AFTER_MS };
const tooMany = (retryAfterMs = RETRY_AFTER_MS) =>
  new AuthError("rate_limited", "too many logins; try again later", { retryAfterMs });
const unavailable = (message: string) => new AuthError("unavailable", message, hints);

/** Starts the hashing process and restarts it whenever it ends. Other parameters and deadlines are for tests. */
export function startHasher(
  log: Log,
  parameters = HASH_PARAMETERS,
  hashDeadlineMs = HASH_DEADLINE_MS,
): Hasher {
  return new ChildHasher(log, parameters, hashDeadlineMs);
}

class ChildHasher implements Hasher {
  readonly #hashDeadlineMs: number;
  readonly #queue = new FairQueue<Job>();
  readonly #inFlight = new Map<number, Job>();
  readonly #child: HasherChild;
  #isClosing = false;
  /** Set while the next hash has to wait: for idle time, or for a spacing. */
  #waitTimer: NodeJS.Timeout | undefined;
  #isIdling = false;
  #delayedRefusals = 0;
  #nextId = 1;

  constructor(log: Log, parameters: HashParameters, hashDeadlineMs: number) {
    this.#hashDeadlineMs = hashDeadlineMs;
    this.#child = new HasherChild(log, parameters, {
      onReady: () => this.#sendNext(),
      onAnswer: (answer) => {
        this.#receive(answer);
        this.#sendNext();
      },
      onEnd: () => this.#failInFlight(),
    });
  }

  async hash(password: string, turn: Turn): Promise<string> {
    const answer = await this.#request({ id: this.#nextId++, op: "hash", password }, turn);
    if (answer.op !== "hash") throw new Error("the password process sent a wrong answer");
    return answer.hash;
  }

  async verify(password: string, hash: string | undefined, turn: Turn) {
    const request = { id: this.#nextId++, op: "verify", password, hash: hash ?? null } as const;
    const answer = await this.#request(request, turn);
    if (answer.op !== "verify") throw new Error("the password process sent a wrong answer");
    return { matches: answer.matches, stale: answer.stale };
  }

  async admit(account: string, address: string): Promise<void> {
    if (this.#queue.isBusy(account, address)) throw await this.#refuseLate();
  }

  /** Resolves with a refusal, late, so that clients that retry at once do not keep auth busy with refusing. */
  async #refuseLate(): Promise<AuthError> {
    if (this.#delayedRefusals < DELAYED_REFUSALS_MAX) {
      this.#delayedRefusals += 1;
      await sleep(REFUSAL_DELAY_MS);
      this.#delayedRefusals -= 1;
    }
    return tooMany();
  }

  check(): void {
    if (!this.#child.isReady) throw new Error("the password process is not running");
  }

  queued(): number {
    return this.#queue.size + this.#inFlight.size;
  }

  pid(): number | undefined {
    return this.#child.pid;
  }

  close(): void {
    this.#isClosing = true;
    clearTimeout(this.#waitTimer);
    for (const job of [...this.#queue.jobs(), ...this.#inFlight.values()])
      this.#remove(job).reject(unavailable("auth is closing"));
    this.#child.close();
  }

  #failInFlight(): void {
    for (const job of this.#inFlight.values())
      this.#remove(job).reject(unavailable("the password process ended"));
  }

  #request(request: HashRequest, turn: Turn): Promise<HashAnswer> {
    return new Promise((resolve, reject) => {
      if (this.#isClosing) throw unavailable("auth is closing");
      const now = performance.now();
      const waitMs = this.#queue.waitMs(turn, now);
      if (waitMs > SPACING_WAIT_MS_MAX) throw tooMany(waitMs);
      const timer = setTimeout(() => this.#remove(job).reject(tooMany()), QUEUE_DEADLINE_MS);
      const job: Job = { request, sentAt: 0, timer, resolve, reject };
      const refused = this.#queue.add(job, turn, now);
      if (refused) void this.#refuseLate().then(this.#remove(refused).reject);
      this.#sendNext();
    });
  }

  #sendNext(): void {
    while (this.#child.isReady && !this.#isIdling && this.#inFlight.size < HASHES_IN_FLIGHT_MAX) {
      const job = this.#queue.take(performance.now());
      if (!job) {
        this.#waitForSpacing();
        return;
      }
      clearTimeout(job.timer);
      job.timer = setTimeout(() => this.#child.kill(), this.#hashDeadlineMs);
      job.sentAt = performance.now();
      this.#inFlight.set(job.request.id, job);
      this.#child.send(job.request);
    }
  }

  #waitForSpacing(): void {
    const ms = this.#queue.nextInMs(performance.now());
    clearTimeout(this.#waitTimer);
    if (ms !== undefined) this.#waitTimer = setTimeout(() => this.#sendNext(), Math.ceil(ms));
  }

  #receive(answer: HashAnswer): void {
    const job = this.#inFlight.get(answer.id);
    if (!job) return;
    this.#remove(job);
    if (answer.op === "failed") job.reject(new Error(`hashing failed: ${answer.reason}`));
    else job.resolve(answer);
    if (this.#queue.size > 0 && IDLE_FACTOR > 0)
      this.#idleFor((performance.now() - job.sentAt) * IDLE_FACTOR);
  }

  /** Leaves the processors to others before the next hash. */
  #idleFor(ms: number): void {
    if (this.#isIdling) return;
    this.#isIdling = true;
    clearTimeout(this.#waitTimer);
    const wake = () => {
      this.#isIdling = false;
      this.#sendNext();
    };
    this.#waitTimer = setTimeout(wake, Math.min(IDLE_MAX_MS, ms));
  }

  #remove(job: Job): Job {
    clearTimeout(job.timer);
    this.#queue.remove(job);
    this.#inFlight.delete(job.request.id);
    return job;
  }
}
