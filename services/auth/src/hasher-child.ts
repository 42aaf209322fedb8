import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Log } from "@parley/runtime/log";
import type { HashAnswer, HashRequest } from "./hasher-process.ts";
import type { HashParameters } from "./password-rules.ts";

const RESTART_DELAY_MIN_MS = 50;
const RESTART_DELAY_MAX_MS = 2_000;
const ENTRY = fileURLToPath(new URL("./hasher-process.ts", import.meta.url));

type Listener = Readonly<{
  /** The process can take requests. */
  onReady: () => void;
  onAnswer: (answer: HashAnswer) => void;
  /** The process ended: what it had to do is lost. */
  onEnd: () => void;
}>;

/** The process that hashes. It is started again whenever it ends. */
export class HasherChild {
  isReady = false;
  readonly #log: Log;
  readonly #parameters: string;
  readonly #listener: Listener;
  #child: ChildProcess | undefined;
  #isClosing = false;
  #restartDelayMs = RESTART_DELAY_MIN_MS;

  constructor(log: Log, parameters: HashParameters, listener: Listener) {
    this.#log = log;
    this.#parameters = JSON.stringify(parameters);
    this.#listener = listener;
    this.#start();
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  send(request: HashRequest): void {
    this.#child?.send(request);
  }

  /** Kills it; another one is started. */
  kill(): void {
    this.#child?.kill("SIGKILL");
  }

  close(): void {
    this.#isClosing = true;
    this.kill();
  }

  #start(): void {
    if (this.#isClosing) return;
    // An empty environment: the process needs none of auth's secrets.
    const stdio: ["ignore", "ignore", "inherit", "ipc"] = ["ignore", "ignore", "inherit", "ipc"];
    const child = fork(ENTRY, [this.#parameters], { env: {}, execArgv: [], stdio });
    this.#child = child;
    child.on("message", (message: HashAnswer | "ready") => {
      if (message !== "ready") return this.#listener.onAnswer(message);
      this.isReady = true;
      this.#restartDelayMs = RESTART_DELAY_MIN_MS;
      this.#listener.onReady();
    });
    child.once("exit", (code, signal) => this.#restart({ code, signal }));
    child.on("error", (err) => {
      // A process that could not be started has no pid and emits no "exit".
      if (child.pid === undefined) this.#restart({ err });
    });
  }

  #restart(reason: object): void {
    this.#child = undefined;
    this.isReady = false;
    this.#listener.onEnd();
    if (this.#isClosing) return;
    this.#log.error(reason, "the password process ended; starting another");
    setTimeout(() => this.#start(), this.#restartDelayMs).unref();
    this.#restartDelayMs = Math.min(RESTART_DELAY_MAX_MS, this.#restartDelayMs * 2);
  }
}
