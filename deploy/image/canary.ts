import { readConfig } from "@parley/runtime/config";
import { sleep } from "@parley/runtime/deadline";
import { Histogram, LATENCY_SECONDS, zeroed } from "@parley/runtime/histogram";
import type { Log } from "@parley/runtime/log";
import { Metrics } from "@parley/runtime/metrics";
import { buildOperators } from "@parley/runtime/operators";
import { runService } from "@parley/runtime/service";
import { certificateEnd } from "./canary-certificate.ts";
import { CanaryConfig } from "./canary-config.ts";
import { Canary, STEPS, type Step, StepError } from "./canary-round.ts";

/** Time between two looks at the edge's certificate, ms. */
const CERTIFICATE_EVERY_MS = 60_000;

/** What became of the rounds so far. */
class Rounds {
  readonly results = zeroed(["ok", ...STEPS]);
  readonly seconds = Object.fromEntries(STEPS.map((step) => [step, new Histogram(LATENCY_SECONDS)]));
  /** Why the last round failed; undefined if it succeeded. */
  failure: string | undefined;
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  readonly noteStep = (step: Step, time: number): void => this.seconds[step]?.observe(time);

  succeeded(): void {
    this.results.ok += 1;
    if (this.failure !== undefined) this.#log.info("a round succeeded again");
    this.failure = undefined;
  }

  failed(error: unknown): void {
    this.results[error instanceof StepError ? error.step : "connect"] += 1;
    if (this.failure === undefined) this.#log.warn({ err: error }, "a round failed");
    this.failure = String(error);
  }
}

async function runRounds(
  canary: Canary,
  rounds: Rounds,
  everyMs: number,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const began = performance.now();
    try {
      await canary.round(rounds.noteStep);
      rounds.succeeded();
    } catch (error) {
      if (!signal.aborted) rounds.failed(error);
    }
    await sleep(Math.max(0, everyMs - (performance.now() - began)), signal);
  }
}

/** Looks at the certificate once a minute; what it found last stays while the server cannot be asked. */
async function watchCertificate(
  url: string,
  onEnd: (endMs: number) => void,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await certificateEnd(url).then(onEnd, () => undefined);
    await sleep(CERTIFICATE_EVERY_MS, signal);
  }
}

/** `node deploy/image/canary.ts`: a message each second, by the doors that users use; tells Prometheus what became of it. */
await runService("canary", process.env, async ({ log, onClose }) => {
  const config = readConfig(CanaryConfig, process.env);
  const { CANARY_SEND_URL: sendUrl, CANARY_LISTEN_URL: listenUrl } = config;
  const canary = new Canary({ sendUrl, listenUrl, token: config.CANARY_TOKEN, room: config.CANARY_ROOM });
  const rounds = new Rounds(log);
  const metrics = new Metrics();
  metrics.counters({
    parley_canary_rounds_total: ["rounds, by ok or the step that failed", () => rounds.results, "result"],
  });
  let certificateEndMs = Infinity;
  metrics.gauges({
    parley_canary_certificate_seconds: [
      "time until the certificate of CANARY_SEND_URL ends; +Inf without TLS, or if none was seen yet",
      () => (certificateEndMs - Date.now()) / 1_000,
    ],
  });
  metrics.histograms({ parley_canary_step_seconds: ["time until a step is done", rounds.seconds, "step"] });
  const isReady = async () => ({
    ready: rounds.failure === undefined,
    checks: { round: rounds.failure ?? "ok" },
  });
  const operators = buildOperators("canary", isReady, metrics);
  await operators.listen({ host: config.METRICS_HOST, port: config.CANARY_METRICS_PORT });
  const ending = new AbortController();
  onClose(async () => {
    ending.abort();
    canary.close();
    await operators.close();
  });
  void runRounds(canary, rounds, config.CANARY_EVERY_MS, ending.signal);
  void watchCertificate(
    sendUrl,
    (endMs) => {
      certificateEndMs = endMs;
    },
    ending.signal,
  );
  log.info({ sendUrl, listenUrl }, "the canary runs");
});
