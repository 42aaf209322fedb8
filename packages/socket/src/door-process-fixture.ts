import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { ResumeFrame, TypingFrame } from "@parley/protocol/client-frames";
import { command } from "./command.ts";
import { DoorFixture, LIMITS } from "./door-fixture.ts";
import type { DoorLimits } from "./door-limits.ts";

const PROGRAM = fileURLToPath(import.meta.url);
/** As the services run (decision 20). */
const NODE_OPTIONS = ["--max-semi-space-size=16"];
/** How often the process reports its memory, ms; and if it collects garbage before each report. */
const REPORT_MS = 50;
const REPORT_COLLECTED_MS = 250;

type Report = Readonly<{ url?: string; rss: number; cpuMs: number }>;

/** CPU time that the looks themselves took, ms. */
let lookMs = 0;

const report = () => {
  const before = userMs();
  globalThis.gc?.();
  lookMs += userMs() - before;
  return { rss: process.memoryUsage.rss(), cpuMs: userMs() - lookMs };
};
const userMs = () => process.threadCpuUsage().user / 1e3;

/** A door in a process of its own, with `typing` and `resume` that cost what they do and do nothing. */
export class DoorProcess {
  readonly url: string;
  /** Resident memory now, the most of it since `noteStart`, and the most until the first `noteStart`; bytes. */
  rss: number;
  rssMost: number;
  rssUsual = 0;
  /** CPU time of its main thread in user mode since the start, without that of the looks, ms; what the kernel does is the attacker's bytes. */
  cpuMs: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, { url, rss, cpuMs }: Report) {
    this.url = url as string;
    this.rss = rss;
    this.rssMost = rss;
    this.cpuMs = cpuMs;
    this.#child = child;
    child.on("message", (report: Report) => {
      this.cpuMs = report.cpuMs;
      this.rss = report.rss;
      this.rssMost = Math.max(this.rssMost, report.rss);
    });
  }

  /**
   * @param isCollected Whether it collects garbage before each report: V8 lets buffers of some 64 MB wait for that, more or
   * less by chance, so that only what is left then is what the door holds.
   */
  static async start(limits: Partial<DoorLimits> = {}, isCollected = false): Promise<DoorProcess> {
    const execArgv = isCollected ? [...NODE_OPTIONS, "--expose-gc"] : NODE_OPTIONS;
    const child = fork(PROGRAM, [JSON.stringify(limits)], { execArgv });
    const [report] = (await once(child, "message")) as [Report];
    return new DoorProcess(child, report);
  }

  /** From now on counts growth. */
  noteStart(): void {
    this.rssUsual ||= this.rssMost;
    this.rssMost = this.rss;
  }

  async close(): Promise<void> {
    this.#child.kill("SIGKILL");
    await once(this.#child, "exit");
  }
}

async function serve(limits: Partial<DoorLimits>): Promise<void> {
  const commands = [
    command("typing", TypingFrame, 1, () => undefined),
    command(
      "resume",
      ResumeFrame,
      ({ rooms }) => Object.keys(rooms).length * 2,
      () => undefined,
    ),
  ];
  const { url } = await DoorFixture.start({ ...LIMITS, ...limits }, commands);
  process.send?.({ url, ...report() });
  setInterval(() => process.send?.(report()), globalThis.gc === undefined ? REPORT_MS : REPORT_COLLECTED_MS);
  process.on("disconnect", () => process.exit());
}

if (process.argv[1] === PROGRAM && process.send) await serve(JSON.parse(process.argv[2] as string));
