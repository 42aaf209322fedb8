import { setTimeout as sleep } from "node:timers/promises";
import {
  DevstackError,
  PROGRESS_MS,
  type Progress,
  reasonOf,
  SettingError,
  whenItChanges,
} from "./environment.ts";
import { type ServerProcess, type SpawnOptions, spawnServer, tailOf } from "./server-process.ts";

const RESTART_FIRST_MS = 100;
const RESTART_MAX_MS = 10_000;
/** A process that lived this long counts as healthy: its next restart is quick. */
const HEALTHY_MS = 10_000;
/** How long a process may take to end before it is killed, ms, unless it has a time of its own. */
export const STOP_GRACE_MS = 10_000;
const READY_DEADLINE_MS = 60_000;
const READY_POLL_MS = 20;
/** Restarts after which waiting for a process is given up. */
const DEATHS_MAX = 4;

/** The part of a unit's options that differs between a stack and a test. */
export type Supervision = Readonly<{
  /** Whether it is started again when it dies: after 100 ms, then twice as long each time, at most 10 s. Default false. */
  supervise?: boolean | undefined;
  onProgress?: Progress | undefined;
  /** Called with each new pid, and with undefined when that process has ended. */
  onPid?: ((pid: number | undefined) => void) | undefined;
}>;

type UnitOptions = Supervision &
  Readonly<{
    name: string;
    /** Called before each start. */
    command: () => Promise<SpawnOptions>;
    logFile: string;
    /** Exit code that says that its settings are refused: it is not started again. */
    refusedCode?: number;
    /** How long it may take to end before it is killed, ms; default 10 s. */
    graceMs?: number;
    /** Why it is not ready; undefined when it is. */
    missing: () => Promise<string | undefined>;
  }>;

/** A server or a service that can be stopped, killed and started again. */
export class Unit {
  /** How often it was started again after it died by itself. */
  restarts = 0;
  readonly #options: UnitOptions;
  #current: ServerProcess | undefined;
  #stopSignal: NodeJS.Signals = "SIGTERM";
  #launching: Promise<void> | undefined;
  #running: Promise<void> | undefined;
  #pause = new AbortController();
  #isWanted = false;
  #delayMs = RESTART_FIRST_MS;
  #lastExit: string | undefined;

  constructor(options: UnitOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.name;
  }

  /** Undefined while it does not run. */
  get pid(): number | undefined {
    return this.#current?.pid;
  }

  /** Starts it, unless it runs. Does not wait until it is ready. @throws what its command throws. */
  async start(): Promise<void> {
    this.#isWanted = true;
    this.#delayMs = RESTART_FIRST_MS;
    this.#pause.abort();
    this.#running ??= this.#keepRunning().finally(() => {
      this.#running = undefined;
    });
    await this.#launching;
  }

  /** Starts it and waits until it is ready; stops it if that fails. @throws {DevstackError} NOT_READY. */
  async startReady(): Promise<void> {
    try {
      await this.start();
      await this.untilReady();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Waits until it is ready. @throws {DevstackError} NOT_READY with the end of its log, {SettingError} if it refused one. */
  async untilReady(deadlineMs: number = READY_DEADLINE_MS, signal?: AbortSignal): Promise<void> {
    const { logFile, onProgress } = this.#options;
    const deadline = performance.now() + deadlineMs;
    const restartsMax = this.restarts + DEATHS_MAX;
    const tell = whenItChanges((line) => onProgress?.(line));
    let tellAt = performance.now() + PROGRESS_MS;
    let missing = "it does not run";
    while (performance.now() < deadline && this.#running !== undefined && this.restarts < restartsMax) {
      signal?.throwIfAborted();
      const answer = await this.#options.missing();
      if (answer === undefined && this.pid !== undefined) return onProgress?.(`${this.name}: ready`);
      missing = answer ?? missing;
      if (performance.now() > tellAt) {
        tell(`${this.name}: not ready yet: ${missing}`);
        tellAt += PROGRESS_MS;
      }
      await sleep(READY_POLL_MS);
    }
    if (this.#isRefused)
      throw new SettingError("NOT_READY", `${this.name}: ${lastFatal(await tailOf(logFile))}`);
    if (performance.now() < deadline) missing = `it ended (${this.#lastExit})`;
    const log = `the end of ${logFile}:\n${await tailOf(logFile)}`;
    throw new DevstackError("NOT_READY", `${this.name} is not ready: ${missing}; ${log}`);
  }

  /** Ends it in an orderly way (SIGKILL after its time for that) and leaves it stopped. */
  async stop(): Promise<void> {
    this.#isWanted = false;
    this.#pause.abort();
    await this.#launching?.catch(() => undefined);
    await this.#current?.end(this.#stopSignal, this.#options.graceMs ?? STOP_GRACE_MS);
    await this.#running;
  }

  /** Stops it, starts it and waits until it is ready. */
  async restart(): Promise<void> {
    await this.stop();
    await this.startReady();
  }

  /** Sends a signal (default SIGKILL) and waits for the end of the process, except for SIGSTOP and SIGCONT. */
  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    await this.#launching?.catch(() => undefined);
    if (signal === "SIGSTOP" || signal === "SIGCONT") return this.#current?.signal(signal);
    await this.#current?.end(signal);
    if (this.#options.supervise !== true) await this.#running;
  }

  async #keepRunning(): Promise<void> {
    const { supervise = false, onPid, onProgress } = this.#options;
    while (this.#isWanted) {
      const startedAt = performance.now();
      this.#launching = this.#launch();
      this.#lastExit = await this.#launching.then(() => this.#untilEnd(), reasonOf);
      this.#current = undefined;
      onPid?.(undefined);
      if (!this.#isWanted) return;
      if (performance.now() - startedAt >= HEALTHY_MS) this.#delayMs = RESTART_FIRST_MS;
      const ms = this.#delayMs;
      if (this.#isRefused) return;
      onProgress?.(
        `${this.name}: ended (${this.#lastExit})${supervise ? `, starting it again in ${ms} ms` : ""}`,
      );
      if (!supervise) return;
      this.#pause = new AbortController();
      this.#delayMs = Math.min(ms * 2, RESTART_MAX_MS);
      await sleep(ms, undefined, { signal: this.#pause.signal }).catch(() => undefined);
      this.restarts += Number(this.#isWanted);
    }
  }

  get #isRefused(): boolean {
    const { refusedCode } = this.#options;
    return refusedCode !== undefined && this.#lastExit === `exit code ${refusedCode}`;
  }

  async #launch(): Promise<void> {
    const command = await this.#options.command();
    this.#stopSignal = command.stopSignal ?? "SIGTERM";
    const server = await spawnServer(command);
    this.#current = server;
    try {
      this.#options.onPid?.(server.pid);
    } catch (error) {
      // On a full disk its pid is not written; then nobody would find it.
      await server.end("SIGKILL");
      throw error;
    }
  }

  async #untilEnd(): Promise<string> {
    const exit = await this.#current?.exited;
    return exit?.signal ?? `exit code ${exit?.code}`;
  }
}

/** The message of the last fatal line (pino's level 60) in a log of JSON lines. */
function lastFatal(log: string): string {
  const line = log.split("\n").findLast((one) => one.includes('"level":60'));
  return line === undefined ? log : (JSON.parse(line) as { msg: string }).msg;
}

const ANSWER_MS = 2_000;

/** Why a request at `url` fails; undefined if it is answered 200. `isAnswered`: by another status. */
export async function askedAt(url: string): Promise<{ isAnswered: boolean; reason: string } | undefined> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS) });
    const text = await answer.text();
    if (answer.status === 200) return undefined;
    return { isAnswered: true, reason: `it answers ${answer.status} ${text.slice(0, 300)}` };
  } catch (error) {
    const isHung = (error as Error).name === "TimeoutError";
    const reason = isHung ? `it does not answer in ${ANSWER_MS / 1_000} s` : "it does not listen yet";
    return { isAnswered: false, reason };
  }
}

/** Why the health check at `url` fails; undefined if it answers 200. */
export async function missingAt(url: string): Promise<string | undefined> {
  return (await askedAt(url))?.reason;
}
