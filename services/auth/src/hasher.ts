import { availableParallelism } from "node:os";
import { pause } from "@parley/runtime/deadline";
import type { Log } from "@parley/runtime/log";
import { AuthError } from "./auth-error.ts";
import { type Duty, HashWorker } from "./hash-worker.ts";
import type { HashAnswer, HashRequest } from "./hasher-process.ts";

/** Hashes at the same time: at most two of 19 MiB, and a processor is left to the services. */
export const HASHES_IN_FLIGHT_MAX = Math.max(1, Math.min(2, availableParallelism() - 1));
/** Requests that may wait for their turn. */
export const HASH_QUEUE_MAX = 32;
/** How long a request may wait for its turn, ms. */
const QUEUE_DEADLINE_MS = 10_000;
/** How long one may be worked on before the process counts as stuck, ms: a hash takes 20 to 50. */
const HASH_DEADLINE_MS = 10_000;
/** A hash that is worked on for so long, ms, shows that others leave the background no time. */
const STARVED_MS = 1_000;
/** For so long passwords are hashed at the priority of everybody else then, ms. */
const URGENT_MS = 60_000;
const RETRY_AFTER_MS = 1_000;
/** While others wait, passwords take at most this share of all processors. */
const PROCESSORS_SHARE = 1 / 6;
const REST_FACTOR = Math.max(0, HASHES_IN_FLIGHT_MAX / (availableParallelism() * PROCESSORS_SHARE) - 1);
const REST_MAX_MS = 100;
/** A refusal is said so late, ms: whoever tries again at once would keep us busy with refusing. */
const REFUSAL_PAUSE_MS = 500;
/** Refusals that wait at once; more are said without a pause. */
const REFUSALS_WAITING_MAX = 500;

type Work = {
  request: HashRequest;
  /** When it was given to a process; monotonic, ms. */
  beganAt: number;
  timer: NodeJS.Timeout;
  resolve: (answer: HashAnswer) => void;
  reject: (error: Error) => void;
};

/**
 * Hashes passwords in a process of its own, so that the threads which check tokens stay free, and in the background, so
 * that it does not hold up anybody's message (docs/decisions/0025-passwords-in-the-background.md).
 */
export interface Hasher {
  /** @throws {AuthError} `rate_limited` when the queue is full, `unavailable` when the process died or is stuck. */
  hash(password: string): Promise<string>;
  /** Compares; without a hash it does the same work and answers no. Throws as `hash` does. */
  verify(password: string, hash: string | undefined): Promise<{ matches: boolean; stale: boolean }>;
  /** Refuses before anything is looked up when the queue is full, half a second later. @throws {AuthError} `rate_limited`. */
  admit(): Promise<void>;
  /** @throws {Error} if the process is not there. */
  check(): void;
  /** The process id, for tests and logs. */
  pid(): number | undefined;
  close(): Promise<void>;
}

/** Starts the hashing process and keeps one alive; `urgentMs` is for tests. */
export function startHasher(log: Log, urgentMs = URGENT_MS): Hasher {
  return new QueuedHasher(log, urgentMs);
}

const full = () =>
  new AuthError("rate_limited", "too many passwords to check at this moment", {
    retryAfterMs: RETRY_AFTER_MS,
  });
const away = (message: string) => new AuthError("unavailable", message, { retryAfterMs: RETRY_AFTER_MS });

class QueuedHasher implements Hasher {
  readonly #log: Log;
  readonly #urgentMs: number;
  readonly #queue: Work[] = [];
  readonly #inFlight = new Map<number, Work>();
  readonly #background: HashWorker;
  /** There while the background gets no time. */
  #urgent: HashWorker | undefined;
  #nextId = 1;
  #refusals = 0;
  /** Set while nothing new is begun. */
  #rest: NodeJS.Timeout | undefined;
  #closing = false;

  constructor(log: Log, urgentMs: number) {
    this.#log = log;
    this.#urgentMs = urgentMs;
    this.#background = this.#startWorker("background");
  }

  async hash(password: string): Promise<string> {
    const answer = await this.#ask((id) => ({ id, do: "hash", password }));
    if (answer.do !== "hash") throw new Error("the password process answered something else");
    return answer.hash;
  }

  async verify(password: string, hash: string | undefined): Promise<{ matches: boolean; stale: boolean }> {
    const answer = await this.#ask((id) => ({ id, do: "verify", password, hash: hash ?? null }));
    if (answer.do !== "verify") throw new Error("the password process answered something else");
    return { matches: answer.matches, stale: answer.stale };
  }

  async admit(): Promise<void> {
    if (this.#queue.length < HASH_QUEUE_MAX) return;
    if (this.#refusals < REFUSALS_WAITING_MAX) {
      this.#refusals += 1;
      await pause(REFUSAL_PAUSE_MS);
      this.#refusals -= 1;
    }
    throw full();
  }

  check(): void {
    if (!this.#worker.isReady) throw new Error("the password process is not there");
  }

  pid(): number | undefined {
    return this.#worker.pid;
  }

  async close(): Promise<void> {
    this.#closing = true;
    for (const work of [...this.#queue]) this.#settle(work).reject(away("the service is closing"));
    await Promise.all([this.#background.end(), this.#urgent?.end()]);
  }

  /** Who gets the next request. */
  get #worker(): HashWorker {
    return this.#urgent?.isReady ? this.#urgent : this.#background;
  }

  #startWorker(duty: Duty): HashWorker {
    return new HashWorker(duty, this.#log, {
      onReady: () => {
        if (duty === "urgent") this.#takeBack(this.#background);
        this.#pump();
      },
      onAnswer: (answer) => this.#receive(answer),
      onLost: (ids) => {
        for (const id of ids) {
          const work = this.#inFlight.get(id);
          if (work) this.#settle(work).reject(away("the password process ended"));
        }
      },
    });
  }

  #ask(make: (id: number) => HashRequest): Promise<HashAnswer> {
    if (this.#closing) return Promise.reject(away("the service is closing"));
    return new Promise((resolve, reject) => {
      if (this.#queue.length >= HASH_QUEUE_MAX) throw full();
      const timer = setTimeout(() => this.#expire(work), QUEUE_DEADLINE_MS);
      const work: Work = { request: make(this.#nextId++), beganAt: 0, resolve, reject, timer };
      this.#queue.push(work);
      this.#pump();
    });
  }

  #pump(): void {
    if (this.#rest) return;
    const worker = this.#worker;
    while (worker.isReady && worker.inFlight.size < HASHES_IN_FLIGHT_MAX) {
      const work = this.#queue.shift();
      if (!work) return;
      clearTimeout(work.timer);
      const isPatient = worker === this.#background && !this.#urgent;
      work.timer = isPatient
        ? setTimeout(() => this.#hurry(work), STARVED_MS)
        : setTimeout(() => this.#expire(work), HASH_DEADLINE_MS);
      work.beganAt = performance.now();
      this.#inFlight.set(work.request.id, work);
      worker.send(work.request);
    }
  }

  /** The background gets no time: for a while a second process hashes at the priority of everybody else. */
  #hurry(work: Work): void {
    work.timer = setTimeout(() => this.#expire(work), HASH_DEADLINE_MS - STARVED_MS);
    if (this.#urgent || this.#closing) return;
    this.#log.warn("the machine is too busy to hash passwords in the background");
    const urgent = this.#startWorker("urgent");
    this.#urgent = urgent;
    setTimeout(() => {
      this.#urgent = undefined;
      this.#takeBack(urgent);
      void urgent.end();
      this.#pump();
    }, this.#urgentMs).unref();
  }

  /** What it was given and has not answered goes to another, before all that waits. */
  #takeBack(worker: HashWorker): void {
    for (const id of [...worker.inFlight].reverse()) {
      worker.forget(id);
      const work = this.#inFlight.get(id);
      if (!work) continue;
      this.#inFlight.delete(id);
      this.#queue.unshift(work);
    }
  }

  #receive(answer: HashAnswer): void {
    const work = this.#inFlight.get(answer.id);
    if (!work) return;
    this.#settle(work);
    if (answer.do === "failed") work.reject(new Error(`hashing failed: ${answer.reason}`));
    else work.resolve(answer);
    if (this.#queue.length > 0 && REST_FACTOR > 0) this.#restFor(performance.now() - work.beganAt);
    this.#pump();
  }

  /** Others wait, so after this much work a rest is due. */
  #restFor(workedMs: number): void {
    this.#rest ??= setTimeout(
      () => {
        this.#rest = undefined;
        this.#pump();
      },
      Math.min(REST_MAX_MS, workedMs * REST_FACTOR),
    );
  }

  /** A request whose time is up. If it was being worked on, the process is stuck and is replaced. */
  #expire(work: Work): void {
    const { id } = work.request;
    const stuck = [this.#background, this.#urgent].find((worker) => worker?.inFlight.has(id));
    this.#settle(work).reject(
      away(stuck ? "the password process does not answer" : "too many passwords wait"),
    );
    stuck?.kill();
  }

  #settle(work: Work): Work {
    clearTimeout(work.timer);
    this.#inFlight.delete(work.request.id);
    const place = this.#queue.indexOf(work);
    if (place !== -1) this.#queue.splice(place, 1);
    return work;
  }
}
