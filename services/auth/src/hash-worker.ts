import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Log } from "@parley/runtime/log";
import type { HashAnswer, HashRequest } from "./hasher-process.ts";

const RESTART_DELAY_MIN_MS = 50;
const RESTART_DELAY_MAX_MS = 2_000;
const ENTRY = fileURLToPath(new URL("./hasher-process.ts", import.meta.url));

/** `background`: with the time that everybody else leaves over, where the system knows of such. `urgent`: at once. */
export type Duty = "background" | "urgent";

type Listener = Readonly<{
  onReady: () => void;
  onAnswer: (answer: HashAnswer) => void;
  /** These will not be answered: the process ended. */
  onLost: (ids: readonly number[]) => void;
}>;

/** One process that hashes passwords, kept alive: it is started again, later each time, when it ends. */
export class HashWorker {
  readonly #duty: Duty;
  readonly #log: Log;
  readonly #listener: Listener;
  readonly #inFlight = new Set<number>();
  #child: ChildProcess | undefined;
  #isReady = false;
  #isEnding = false;
  #restartDelayMs = RESTART_DELAY_MIN_MS;

  constructor(duty: Duty, log: Log, listener: Listener) {
    this.#duty = duty;
    this.#log = log;
    this.#listener = listener;
    this.#start();
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Requests that it has and has not answered. */
  get inFlight(): ReadonlySet<number> {
    return this.#inFlight;
  }

  send(request: HashRequest): void {
    this.#inFlight.add(request.id);
    this.#child?.send(request);
  }

  /** Its answer to this one does not matter any more. */
  forget(id: number): void {
    this.#inFlight.delete(id);
  }

  /** For one that is stuck: another takes its place. */
  kill(): void {
    this.#child?.kill("SIGKILL");
  }

  /** Ends it for good. */
  async end(): Promise<void> {
    this.#isEnding = true;
    const last = this.#child;
    if (!last) return;
    const ended = new Promise<void>((resolve) => last.once("exit", () => resolve()));
    if (last.connected) last.disconnect();
    await ended;
  }

  #start(): void {
    if (this.#isEnding) return;
    // Its environment is empty: it has no use for our secrets.
    const child = fork(ENTRY, [this.#duty], {
      env: {},
      execArgv: [],
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    child.on("message", (answer: HashAnswer | "ready") => this.#receive(answer));
    child.on("error", (err) => this.#log.error({ err }, "the password process reports an error"));
    child.once("exit", (code, signal) => this.#restart(code, signal));
    this.#child = child;
  }

  #receive(answer: HashAnswer | "ready"): void {
    if (answer === "ready") {
      this.#isReady = true;
      this.#restartDelayMs = RESTART_DELAY_MIN_MS;
      this.#listener.onReady();
    } else if (this.#inFlight.delete(answer.id)) this.#listener.onAnswer(answer);
  }

  #restart(code: number | null, signal: string | null): void {
    this.#child = undefined;
    this.#isReady = false;
    const lost = [...this.#inFlight];
    this.#inFlight.clear();
    this.#listener.onLost(lost);
    if (this.#isEnding) return;
    this.#log.error({ code, signal }, "the password process ended; starting another");
    setTimeout(() => this.#start(), this.#restartDelayMs).unref();
    this.#restartDelayMs = Math.min(RESTART_DELAY_MAX_MS, this.#restartDelayMs * 2);
  }
}
