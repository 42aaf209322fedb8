import type { NatsConnection } from "@nats-io/transport-node";
import { streamOf } from "@parley/protocol/log";
import { sleep } from "@parley/runtime/deadline";
import { PartialFault } from "@parley/runtime/health";
import type { Log } from "@parley/runtime/log";
import { checkLog, type Finding, type LogFindings, type StreamFinding } from "./log-check.ts";
import type { ShardLane } from "./shard-lane.ts";

/** Time between checks of the log while all lanes are open and answered, and otherwise, ms. */
const CHECK_EVERY_MS = 5_000;
const RECHECK_MS = 250;

type LogWatchOptions = Readonly<{
  shards: number;
  monitorUrls: readonly string[];
  log: Pick<Log, "info" | "error">;
}>;

/**
 * Opens a shard's lane once its stream has been checked, and closes it when the connection is lost or a check finds a
 * wrong setting or a stream that cannot be written. A check without an answer changes nothing.
 */
export class LogWatch {
  readonly #nats: NatsConnection;
  readonly #lanes: readonly ShardLane[];
  readonly #options: LogWatchOptions;
  /** When each stream was created, as far as known. */
  readonly #created: (string | undefined)[] = [];
  /** The server that leads each stream in a cluster. */
  readonly #leaders: (string | undefined)[] = [];
  #findings: LogFindings | undefined;
  #isConnected = true;
  #isStopped = false;
  /** The faults that were logged last. */
  #reported = "";
  /** Incremented to discard the findings of a check under way. */
  #epoch = 0;
  #waking = new AbortController();

  constructor(nats: NatsConnection, lanes: readonly ShardLane[], options: LogWatchOptions) {
    this.#nats = nats;
    this.#lanes = lanes;
    this.#options = options;
  }

  /** Checks again at once, and discards the findings of a check under way. */
  wake(): void {
    this.#epoch += 1;
    this.checkSoon();
  }

  /** Checks again at once, or after the check under way. */
  checkSoon(): void {
    this.#waking.abort();
  }

  stop(): void {
    this.#isStopped = true;
    this.wake();
  }

  /** The streams as the last check found them; empty before it, and while NATS is away. */
  get streams(): readonly StreamFinding[] {
    return this.#findings?.streams ?? [];
  }

  /** @throws {Error} that names every fault of the last check; `PartialFault` if it is of some shards only. */
  assertReady(): void {
    if (!this.#isConnected) throw new Error("NATS is not connected");
    if (this.#findings === undefined) throw new Error("the log has not been checked yet");
    const faults = faultsOf(this.#findings);
    if (faults === "") return;
    const { server, streams } = this.#findings;
    const isPartial = server.state === "right" && streams.some(({ state }) => state === "right");
    throw isPartial ? new PartialFault(faults) : new Error(faults);
  }

  async run(): Promise<void> {
    void this.#followConnection();
    while (!this.#isStopped) {
      this.#waking = new AbortController();
      if (this.#isConnected) await this.#check();
      for (const lane of this.#lanes) if (!lane.isOpen) lane.sweep();
      const isAllWell = this.#lanes.every((lane) => lane.isOpen && !lane.isLate);
      await sleep(isAllWell ? CHECK_EVERY_MS : RECHECK_MS, this.#waking.signal);
    }
  }

  async #followConnection(): Promise<void> {
    for await (const { type } of this.#nats.status()) {
      if (type === "disconnect" || type === "close") {
        this.#isConnected = false;
        this.#findings = undefined;
        for (const lane of this.#lanes) lane.close();
        this.wake();
      } else if (type === "reconnect") {
        this.#isConnected = true;
        this.wake();
      }
    }
  }

  async #check(): Promise<void> {
    const { shards, monitorUrls } = this.#options;
    const epoch = this.#epoch;
    const acknowledged = this.#lanes.map((lane) => lane.highest);
    const { server, streams } = await checkLog(this.#nats, shards, monitorUrls);
    if (epoch !== this.#epoch || this.#isStopped) return;
    const judged = streams.map((stream, shard) => this.#compare(shard, stream, acknowledged[shard] ?? 0));
    this.#findings = { server, streams: judged };
    this.#report(faultsOf(this.#findings));
    for (const [shard, stream] of judged.entries())
      this.#apply(this.#lanes[shard] as ShardLane, server, stream);
  }

  /** Compares a stream with the last check: whether it was replaced, or has lost acknowledged messages. */
  #compare(shard: number, stream: StreamFinding, acknowledged: number): StreamFinding {
    const { created, lastSeq } = stream;
    if (created === undefined || lastSeq === undefined) return stream;
    const known = this.#created[shard];
    this.#created[shard] = created;
    const leader = this.#leaders[shard];
    if (stream.leader !== undefined) this.#leaders[shard] = stream.leader;
    // What the earlier leader did not answer is published again, to the new one.
    if (leader !== undefined && leader !== this.#leaders[shard]) this.#lanes[shard]?.close();
    if (known !== undefined && known !== created) {
      const facts = { part: "log", stream: streamOf(shard), known, created, lastSeq };
      this.#options.log.error(facts, "the stream was replaced");
      // Its sequences start anew; pending entries go to the new stream.
      this.#lanes[shard]?.reset();
      return stream;
    }
    // New entries would get sequences that the writer's cursor has passed, and would never be read.
    if (lastSeq < acknowledged)
      return {
        state: "wrong",
        reason: `${streamOf(shard)} ends at ${lastSeq} and had acknowledged ${acknowledged}`,
      };
    return stream;
  }

  #apply(lane: ShardLane, server: Finding, stream: StreamFinding): void {
    if (server.state === "wrong" || stream.state === "wrong") lane.close();
    else if (stream.state === "failed") lane.fail();
    else if (server.state === "right" && stream.state === "right" && !lane.isOpen)
      lane.open(stream.lastSeq ?? 0);
  }

  /** Logs changes of the faults only. */
  #report(faults: string): void {
    if (faults === this.#reported) return;
    this.#reported = faults;
    if (faults === "") this.#options.log.info({ part: "log" }, "the log is right");
    else this.#options.log.error({ part: "log", faults }, "the log has a fault");
  }
}

function faultsOf({ server, streams }: LogFindings): string {
  return [server, ...streams]
    .flatMap((finding) => (finding.state === "right" ? [] : [finding.reason]))
    .join("; ");
}
