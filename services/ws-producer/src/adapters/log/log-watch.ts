import type { NatsConnection } from "@nats-io/transport-node";
import { streamOf } from "@parley/protocol/log";
import { pause } from "@parley/runtime/deadline";
import type { Log } from "@parley/runtime/log";
import { checkLog, type Finding, type LogFindings, type StreamFinding } from "./log-check.ts";
import type { ShardLane } from "./shard-lane.ts";

/** How often the log is looked at while it is right, and while it is not, ms. */
const CHECK_EVERY_MS = 5_000;
const CHECK_AGAIN_MS = 250;

export type LogWatchOptions = Readonly<{
  shards: number;
  monitorUrl?: string | undefined;
  log: Pick<Log, "info" | "error">;
}>;

/**
 * Opens a shard's lane once its stream has been looked at and is right, and shuts it when that no longer holds: at
 * once when the connection is lost, or when a look says so. A look that gets no answer changes nothing.
 */
export class LogWatch {
  readonly #nats: NatsConnection;
  readonly #lanes: readonly ShardLane[];
  readonly #options: LogWatchOptions;
  /** When each stream was created, as far as it is known. */
  readonly #created: (string | undefined)[] = [];
  #findings: LogFindings | undefined;
  #isConnected = true;
  #isStopped = false;
  #reported = "";
  /** Rises when what a look under way finds will no longer hold. */
  #epoch = 0;
  #waking = new AbortController();

  constructor(nats: NatsConnection, lanes: readonly ShardLane[], options: LogWatchOptions) {
    this.#nats = nats;
    this.#lanes = lanes;
    this.#options = options;
  }

  /** Looks again at once; what a look under way finds is void. */
  wake(): void {
    this.#epoch += 1;
    this.#waking.abort();
  }

  stop(): void {
    this.#isStopped = true;
    this.wake();
  }

  /** @throws {Error} that names each part that is not as it must be. */
  assertReady(): void {
    if (!this.#isConnected) throw new Error("NATS is not connected");
    if (this.#findings === undefined) throw new Error("the log has not been looked at yet");
    const faults = faultsOf(this.#findings);
    if (faults !== "") throw new Error(faults);
  }

  async run(): Promise<void> {
    void this.#followConnection();
    while (!this.#isStopped) {
      this.#waking = new AbortController();
      if (this.#isConnected) await this.#look();
      for (const lane of this.#lanes) if (!lane.isOpen) lane.sweep();
      const isWell = this.#lanes.every((lane) => lane.isOpen);
      await pause(isWell ? CHECK_EVERY_MS : CHECK_AGAIN_MS, this.#waking.signal);
    }
  }

  async #followConnection(): Promise<void> {
    for await (const { type } of this.#nats.status()) {
      if (type === "disconnect" || type === "close") {
        this.#isConnected = false;
        this.#findings = undefined;
        for (const lane of this.#lanes) lane.shut();
        this.wake();
      } else if (type === "reconnect") {
        this.#isConnected = true;
        this.wake();
      }
    }
  }

  async #look(): Promise<void> {
    const { shards, monitorUrl } = this.#options;
    const epoch = this.#epoch;
    const acknowledged = this.#lanes.map((lane) => lane.highest);
    const { server, streams } = await checkLog(this.#nats, shards, monitorUrl);
    if (epoch !== this.#epoch || this.#isStopped) return;
    const judged = streams.map((stream, shard) => this.#compare(shard, stream, acknowledged[shard] ?? 0));
    this.#findings = { server, streams: judged };
    this.#report(faultsOf(this.#findings));
    for (const [shard, stream] of judged.entries())
      this.#apply(this.#lanes[shard] as ShardLane, server, stream);
  }

  /** Compares a stream with what it was when it was last looked at. */
  #compare(shard: number, stream: StreamFinding, acknowledged: number): StreamFinding {
    const { created, lastSeq } = stream;
    if (created === undefined || lastSeq === undefined) return stream;
    const known = this.#created[shard];
    this.#created[shard] = created;
    if (known !== undefined && known !== created) {
      const { log } = this.#options;
      log.error(
        { part: "log", stream: streamOf(shard), known, created, lastSeq },
        "the stream was made anew",
      );
      // Its numbering starts anew too. Whatever has no outcome yet goes to the new one.
      this.#lanes[shard]?.forget();
      return stream;
    }
    // New entries would get numbers that the writer has passed already, and would never be read.
    if (lastSeq < acknowledged)
      return {
        state: "wrong",
        reason: `${streamOf(shard)} ends at ${lastSeq} and had acknowledged ${acknowledged}`,
      };
    return stream;
  }

  #apply(lane: ShardLane, server: Finding, stream: StreamFinding): void {
    if (server.state === "wrong" || stream.state === "wrong") lane.shut();
    else if (server.state === "right" && stream.state === "right" && !lane.isOpen)
      lane.open(stream.lastSeq ?? 0);
  }

  /** Logs a change once, not each look. */
  #report(faults: string): void {
    if (faults === this.#reported) return;
    this.#reported = faults;
    if (faults === "") this.#options.log.info({ part: "log" }, "the log is as it must be");
    else this.#options.log.error({ part: "log", faults }, "the log is not as it must be");
  }
}

function faultsOf({ server, streams }: LogFindings): string {
  return [server, ...streams].flatMap((part) => (part.state === "right" ? [] : [part.reason])).join("; ");
}
