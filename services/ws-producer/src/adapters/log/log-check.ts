import { JetStreamApiError, type JetStreamManager, jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { currentCopies, streamFaults, streamOf } from "@parley/protocol/log";

/** Older servers acknowledged messages and lost them after a full disk (docs/decisions/0001). */
const SERVER_VERSION_MIN = [2, 15, 1] as const;
/** Deadline of each request, ms. */
const REQUEST_DEADLINE_MS = 1_000;
const STREAM_NOT_FOUND = 10059;

/**
 * `wrong`: publishing would break a promise; `failed`: the server answers nothing that is published until it is started
 * again, as after a full disk; `unknown`: there was no answer.
 */
export type Finding = Readonly<
  { state: "right" } | { state: "wrong" | "failed" | "unknown"; reason: string }
>;

/** The finding about a stream. `created` distinguishes it from another stream of the same name. */
export type StreamFinding = Finding &
  Readonly<{
    created?: string;
    lastSeq?: number;
    replicas?: number;
    /** The server that leads it in a cluster. */
    leader?: string | undefined;
    /** Copies that have everything, the leader's included. */
    currentReplicas?: number;
    /** Share of its `max_bytes` that it takes, 0 to 1. */
    fill?: number;
  }>;

export type LogFindings = Readonly<{
  /** The server itself: version, fsync of each write, number of shards. */
  server: Finding;
  /** The stream of each shard. */
  streams: readonly StreamFinding[];
}>;

const RIGHT: Finding = { state: "right" };
const wrong = (reason: string): Finding => ({ state: "wrong", reason });
const unknown = (reason: string): Finding => ({ state: "unknown", reason });

/**
 * Checks whether the log can keep its promises: one stream with the right settings per shard and no more, and a server
 * that is new enough and syncs each write to the disk (checked at each of `monitorUrls`; of several a minority may be
 * silent). Needs the permission STREAM.INFO only, and changes nothing.
 */
export async function checkLog(
  nats: NatsConnection,
  shards: number,
  monitorUrls: readonly string[],
): Promise<LogFindings> {
  const jsm = await jetstreamManager(nats, { checkAPI: false, timeout: REQUEST_DEADLINE_MS });
  const [fsync, writeErrors, beyond, ...streams] = await Promise.all([
    Promise.all(monitorUrls.map(checkFsync)),
    Promise.all(monitorUrls.map(readWriteErrors)),
    checkStream(jsm, shards, shards),
    ...Array.from({ length: shards }, (_, shard) => checkStream(jsm, shard, shards)),
  ]);
  const mismatch =
    beyond.lastSeq === undefined
      ? RIGHT
      : wrong(`there is a stream ${streamOf(shards)}: the log was made for more than LOG_SHARDS=${shards}`);
  const errorOf = (shard: number) => writeErrors.map((errors) => errors.get(streamOf(shard))).find(Boolean);
  return {
    server: worst([checkVersion(nats), ...withoutSilent(fsync), mismatch]),
    streams: streams.map((stream, shard) => failing(stream, errorOf(shard))),
  };
}

/** Passes over servers that do not answer while a majority does: what that stores needs none of the others. */
function withoutSilent(findings: readonly Finding[]): readonly Finding[] {
  const answers = findings.filter(({ state }) => state !== "unknown");
  return answers.length * 2 > findings.length ? answers : findings;
}

function worst(findings: readonly Finding[]): Finding {
  const by = (state: Finding["state"]) => findings.find((finding) => finding.state === state);
  return by("wrong") ?? by("unknown") ?? RIGHT;
}

function checkVersion(nats: NatsConnection): Finding {
  const version = nats.info?.version;
  if (version === undefined) return unknown("NATS is not connected");
  const parts = version.split(/[.-]/).map(Number);
  for (const [i, least] of SERVER_VERSION_MIN.entries()) {
    const part = parts[i] ?? 0;
    if (part > least) return RIGHT;
    if (part < least)
      return wrong(`nats-server is ${version}; ${SERVER_VERSION_MIN.join(".")} or newer is needed`);
  }
  return RIGHT;
}

async function checkFsync(monitorUrl: string): Promise<Finding> {
  const url = new URL("/jsz?config=1", monitorUrl);
  const { host } = url;
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(REQUEST_DEADLINE_MS) });
    const { config } = (await response.json()) as { config?: { sync_always?: boolean } };
    if (config === undefined)
      return unknown(`the monitoring address ${host} of NATS has no JetStream settings`);
    // `sync_interval` keeps its default in the answer even when each write is synced.
    return config.sync_always === true
      ? RIGHT
      : wrong(
          `NATS (${host}) does not sync each write (jetstream { sync_interval: always }): a power cut would lose messages`,
        );
  } catch {
    return unknown(`the monitoring address ${host} of NATS does not answer`);
  }
}

/**
 * Reads from the server's health which streams can no longer be written, by name, and why. A stream stays so until the
 * server is started again, also when the disk has room again.
 */
async function readWriteErrors(monitorUrl: string): Promise<ReadonlyMap<string, string>> {
  try {
    const url = new URL("/healthz?details=true", monitorUrl);
    const response = await fetch(url, { signal: AbortSignal.timeout(REQUEST_DEADLINE_MS) });
    const { errors = [] } = (await response.json()) as { errors?: { stream?: string; error?: string }[] };
    return new Map(
      errors.flatMap(({ stream, error }) =>
        stream !== undefined && error?.includes("write error") ? [[stream, error]] : [],
      ),
    );
  } catch {
    return new Map();
  }
}

/** A stream with replicas goes on without the node that cannot write. */
function failing(stream: StreamFinding, error: string | undefined): StreamFinding {
  if (error === undefined || (stream.replicas ?? 1) > 1) return stream;
  return { ...stream, state: "failed", reason: `${error}; make room and restart nats-server` };
}

async function checkStream(jsm: JetStreamManager, shard: number, shards: number): Promise<StreamFinding> {
  const name = streamOf(shard);
  try {
    const { config, created, state, cluster } = await jsm.streams.info(name);
    const faults = streamFaults(config, shards);
    const finding = faults.length === 0 ? RIGHT : wrong(faults.join("; "));
    // Without a leader a replica answers, which may be behind.
    if (cluster !== undefined && cluster.leader === undefined) return unknown(`${name} has no leader`);
    return {
      ...finding,
      created: String(created),
      lastSeq: state.last_seq,
      replicas: config.num_replicas,
      leader: cluster?.leader,
      currentReplicas: currentCopies(cluster),
      fill: state.bytes / config.max_bytes,
    };
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === STREAM_NOT_FOUND)
      return wrong(`there is no stream ${name} yet`);
    return unknown(`${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
