import { type ChildProcess, fork } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { sleep } from "@parley/runtime/deadline";
import type { Log } from "@parley/runtime/log";
import { AuthError } from "./auth-error.ts";
import type { HashAnswer, HashRequest } from "./hasher-process.ts";

/** Hashes running at once: at most two (19 MiB each), and one processor is left to the services. */
export const HASHES_IN_FLIGHT_MAX = Math.max(1, Math.min(2, availableParallelism() - 1));
/** Requests that may queue. */
export const HASH_QUEUE_MAX = 32;
/** Longest time in the queue, ms. */
const QUEUE_DEADLINE_MS = 10_000;
/** A hash takes 20 to 50 ms; a process that needs longer than this is stuck and is killed, ms. */
const HASH_DEADLINE_MS = 10_000;
const RESTART_DELAY_MIN_MS = 50;
const RESTART_DELAY_MAX_MS = 2_000;
const RETRY_AFTER_MS = 1_000;
/** Refusals are delayed by this, ms: clients that retry at once would keep auth busy with refusing. */
const REFUSAL_DELAY_MS = 500;
/** Refusals delayed at once; further ones are sent immediately. */
const DELAYED_REFUSALS_MAX = 500;
/** Share of all processors that hashing may use while requests queue. */
const PROCESSORS_SHARE = 1 / 6;
/** Idle time after each hash while requests queue, as a multiple of the time the hash took. */
const IDLE_FACTOR = Math.max(0, HASHES_IN_FLIGHT_MAX / (availableParallelism() * PROCESSORS_SHARE) - 1);
const IDLE_MAX_MS = 100;
const ENTRY = fileURLToPath(new URL("./hasher-process.ts", import.meta.url));

/**
 * Hashes passwords in a child process of low priority, because argon2 would share libuv's thread pool with the
 * verification of tokens (docs/decisions/0013-password-process.md).
 */
export interface Hasher {
  /**
   * Hashes a password with argon2id.
   *
   * @throws {AuthError} `rate_limited` if the queue is full; `unavailable` if the process died, is stuck or is closing.
   */
  hash(password: string): Promise<string>;
  /**
   * Compares a password with a hash. Without a hash it does the same work and answers `matches: false`. `stale` means
   * that the hash was made with other parameters than today's. Throws as `hash` does.
   */
  verify(password: string, hash: string | undefined): Promise<{ matches: boolean; stale: boolean }>;
  /** Refuses while the queue is full, so that callers do no other work first. @throws {AuthError} `rate_limited`. */
  admit(): Promise<void>;
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
const queueFull = () => new AuthError("rate_limited", "too many logins at this moment", hints);
const unavailable = (message: string) => new AuthError("unavailable", message, hints);

/** Starts the hashing process and restarts it whenever it ends. `hashDeadlineMs` is for tests. */
export function startHasher(log: Log, hashDeadlineMs = HASH_DEADLINE_MS): Hasher {
  return new ChildHasher(log, hashDeadlineMs);
}

class ChildHasher implements Hasher {
  readonly #log: Log;
  readonly #hashDeadlineMs: number;
  readonly #queue = new Set<Job>();
  readonly #inFlight = new Map<number, Job>();
  #child: ChildProcess | undefined;
  #isReady = false;
  #isClosing = false;
  #restartDelayMs = RESTART_DELAY_MIN_MS;
  #idleTimer: NodeJS.Timeout | undefined;
  #delayedRefusals = 0;
  #nextId = 1;

  constructor(log: Log, hashDeadlineMs: number) {
    this.#log = log;
    this.#hashDeadlineMs = hashDeadlineMs;
    this.#start();
  }

  async hash(password: string): Promise<string> {
    const answer = await this.#request({ id: this.#nextId++, op: "hash", password });
    if (answer.op !== "hash") throw new Error("the password process sent a wrong answer");
    return answer.hash;
  }

  async verify(password: string, hash: string | undefined): Promise<{ matches: boolean; stale: boolean }> {
    const answer = await this.#request({ id: this.#nextId++, op: "verify", password, hash: hash ?? null });
    if (answer.op !== "verify") throw new Error("the password process sent a wrong answer");
    return { matches: answer.matches, stale: answer.stale };
  }

  async admit(): Promise<void> {
    if (this.#queue.size < HASH_QUEUE_MAX) return;
    if (this.#delayedRefusals < DELAYED_REFUSALS_MAX) {
      this.#delayedRefusals += 1;
      await sleep(REFUSAL_DELAY_MS);
      this.#delayedRefusals -= 1;
    }
    throw queueFull();
  }

  check(): void {
    if (!this.#isReady) throw new Error("the password process is not running");
  }

  pid(): number | undefined {
    return this.#child?.pid;
  }

  close(): void {
    this.#isClosing = true;
    clearTimeout(this.#idleTimer);
    for (const job of [...this.#queue, ...this.#inFlight.values()])
      this.#remove(job).reject(unavailable("auth is closing"));
    this.#child?.kill("SIGKILL");
  }

  #start(): void {
    if (this.#isClosing) return;
    // An empty environment: the process needs none of auth's secrets.
    const child = fork(ENTRY, { env: {}, execArgv: [], stdio: ["ignore", "ignore", "inherit", "ipc"] });
    this.#child = child;
    child.on("message", (message: HashAnswer | "ready") => {
      if (message === "ready") {
        this.#isReady = true;
        this.#restartDelayMs = RESTART_DELAY_MIN_MS;
      } else this.#receive(message);
      this.#sendNext();
    });
    child.once("exit", (code, signal) => this.#restart({ code, signal }));
    child.on("error", (err) => {
      // A process that could not be started has no pid and emits no "exit".
      if (child.pid === undefined) this.#restart({ err });
    });
  }

  #restart(reason: object): void {
    this.#child = undefined;
    this.#isReady = false;
    for (const job of this.#inFlight.values())
      this.#remove(job).reject(unavailable("the password process ended"));
    if (this.#isClosing) return;
    this.#log.error(reason, "the password process ended; starting another");
    setTimeout(() => this.#start(), this.#restartDelayMs).unref();
    this.#restartDelayMs = Math.min(RESTART_DELAY_MAX_MS, this.#restartDelayMs * 2);
  }

  #request(request: HashRequest): Promise<HashAnswer> {
    return new Promise((resolve, reject) => {
      if (this.#isClosing) throw unavailable("auth is closing");
      if (this.#queue.size >= HASH_QUEUE_MAX) throw queueFull();
      const timer = setTimeout(
        () => this.#remove(job).reject(unavailable("waited too long for other passwords")),
        QUEUE_DEADLINE_MS,
      );
      const job: Job = { request, sentAt: 0, timer, resolve, reject };
      this.#queue.add(job);
      this.#sendNext();
    });
  }

  #sendNext(): void {
    for (const job of this.#queue) {
      if (!this.#isReady || this.#idleTimer || this.#inFlight.size >= HASHES_IN_FLIGHT_MAX) return;
      this.#remove(job);
      job.timer = setTimeout(() => this.#child?.kill("SIGKILL"), this.#hashDeadlineMs);
      job.sentAt = performance.now();
      this.#inFlight.set(job.request.id, job);
      this.#child?.send(job.request);
    }
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
    this.#idleTimer ??= setTimeout(
      () => {
        this.#idleTimer = undefined;
        this.#sendNext();
      },
      Math.min(IDLE_MAX_MS, ms),
    );
  }

  #remove(job: Job): Job {
    clearTimeout(job.timer);
    this.#queue.delete(job);
    this.#inFlight.delete(job.request.id);
    return job;
  }
}
