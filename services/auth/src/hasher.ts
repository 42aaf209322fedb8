import { type ChildProcess, fork } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import type { Log } from "@parley/runtime/log";
import { AuthError } from "./auth-error.ts";
import type { HashAnswer, HashRequest } from "./hasher-process.ts";

/** Hashes at the same time: at most two of 19 MiB, and a processor is left to the services. */
export const HASHES_IN_FLIGHT_MAX = Math.max(1, Math.min(2, availableParallelism() - 1));
/** Requests that may wait for their turn. */
export const HASH_QUEUE_MAX = 32;
/** How long a request may wait for its turn, ms. */
const QUEUE_DEADLINE_MS = 10_000;
/** How long one may be worked on before the process counts as stuck, ms: a hash takes 20 to 50. */
const HASH_DEADLINE_MS = 10_000;
const RESTART_DELAY_MIN_MS = 50;
const RESTART_DELAY_MAX_MS = 2_000;
const RETRY_AFTER_MS = 1_000;

const ENTRY = fileURLToPath(new URL("./hasher-process.ts", import.meta.url));

type Work = {
  request: HashRequest;
  timer: NodeJS.Timeout;
  resolve: (answer: HashAnswer) => void;
  reject: (error: Error) => void;
};

/** A process of its own that hashes passwords, so that the threads which check tokens stay free (decision 13). */
export interface Hasher {
  /** @throws {AuthError} `rate_limited` when the queue is full, `unavailable` when the process died or is stuck. */
  hash(password: string): Promise<string>;
  /** Compares; without a hash it does the same work and answers no. Throws as `hash` does. */
  verify(password: string, hash: string | undefined): Promise<{ matches: boolean; stale: boolean }>;
  /** Refuses at once, before anything is looked up, when the queue is full. @throws {AuthError} `rate_limited`. */
  admit(): void;
  /** @throws {Error} if the process is not there. */
  check(): void;
  /** The process id, for tests and logs. */
  pid(): number | undefined;
  close(): Promise<void>;
}

/** Starts the hashing process and keeps one alive. */
export function startHasher(log: Log): Hasher {
  return new HasherProcess(log);
}

const away = (message: string) => new AuthError("unavailable", message, { retryAfterMs: RETRY_AFTER_MS });

class HasherProcess implements Hasher {
  readonly #log: Log;
  readonly #queue: Work[] = [];
  readonly #inFlight = new Map<number, Work>();
  #nextId = 1;
  #child: ChildProcess | undefined;
  #ready = false;
  #closing = false;
  #restartDelayMs = RESTART_DELAY_MIN_MS;

  constructor(log: Log) {
    this.#log = log;
    this.#start();
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

  admit(): void {
    if (this.#queue.length < HASH_QUEUE_MAX) return;
    throw new AuthError("rate_limited", "too many passwords to check at this moment", {
      retryAfterMs: RETRY_AFTER_MS,
    });
  }

  check(): void {
    if (!this.#ready) throw new Error("the password process is not there");
  }

  pid(): number | undefined {
    return this.#child?.pid;
  }

  async close(): Promise<void> {
    this.#closing = true;
    for (const work of [...this.#queue]) this.#settle(work).reject(away("the service is closing"));
    const last = this.#child;
    if (!last) return;
    const ended = new Promise<void>((resolve) => last.once("exit", () => resolve()));
    last.disconnect();
    await ended;
  }

  #start(): void {
    if (this.#closing) return;
    // Its environment is empty: it has no use for our secrets.
    const child = fork(ENTRY, { env: {}, execArgv: [], stdio: ["ignore", "ignore", "inherit", "ipc"] });
    child.on("message", (answer: HashAnswer | "ready") => this.#receive(answer));
    child.on("error", (err) => this.#log.error({ err }, "the password process reports an error"));
    child.once("exit", (code, signal) => this.#restart(code, signal));
    this.#child = child;
  }

  #restart(code: number | null, signal: string | null): void {
    this.#child = undefined;
    this.#ready = false;
    for (const work of [...this.#inFlight.values()])
      this.#settle(work).reject(away("the password process ended"));
    if (this.#closing) return;
    this.#log.error({ code, signal }, "the password process ended; starting another");
    setTimeout(() => this.#start(), this.#restartDelayMs).unref();
    this.#restartDelayMs = Math.min(RESTART_DELAY_MAX_MS, this.#restartDelayMs * 2);
  }

  #ask(make: (id: number) => HashRequest): Promise<HashAnswer> {
    if (this.#closing) return Promise.reject(away("the service is closing"));
    return new Promise((resolve, reject) => {
      this.admit();
      const timer = setTimeout(() => this.#expire(work), QUEUE_DEADLINE_MS);
      const work: Work = { request: make(this.#nextId++), resolve, reject, timer };
      this.#queue.push(work);
      this.#pump();
    });
  }

  #pump(): void {
    while (this.#child && this.#ready && this.#inFlight.size < HASHES_IN_FLIGHT_MAX) {
      const work = this.#queue.shift();
      if (!work) return;
      clearTimeout(work.timer);
      work.timer = setTimeout(() => this.#expire(work), HASH_DEADLINE_MS);
      this.#inFlight.set(work.request.id, work);
      this.#child.send(work.request);
    }
  }

  #receive(answer: HashAnswer | "ready"): void {
    if (answer === "ready") {
      this.#ready = true;
      this.#restartDelayMs = RESTART_DELAY_MIN_MS;
      this.#pump();
      return;
    }
    const work = this.#inFlight.get(answer.id);
    if (!work) return;
    this.#settle(work);
    if (answer.do === "failed") work.reject(new Error(`hashing failed: ${answer.reason}`));
    else work.resolve(answer);
    this.#pump();
  }

  /** A request whose time is up. If it was being worked on, the process is stuck and is replaced. */
  #expire(work: Work): void {
    const isStuck = this.#inFlight.has(work.request.id);
    this.#settle(work).reject(
      away(isStuck ? "the password process does not answer" : "too many passwords wait"),
    );
    if (isStuck) this.#child?.kill("SIGKILL");
  }

  #settle(work: Work): Work {
    clearTimeout(work.timer);
    this.#inFlight.delete(work.request.id);
    const place = this.#queue.indexOf(work);
    if (place !== -1) this.#queue.splice(place, 1);
    return work;
  }
}
