import type { NatsConnection } from "@nats-io/transport-node";
import type { Log } from "./log.ts";

const LOOK_EVERY_MS = 2_000;
const ANSWER_MS = 1_000;
/** A leader that has not heard from a majority for this long is cut off, or its peers are, ns. It hears from them each second. */
const SILENCE_MAX_NS = 4_000_000_000;
/** Looks in a row that find no stream in use, until the server is left: together longer than most elections. */
const LOOKS_MAX = 3;

/** The server answers so by itself or after asking its cluster's leader: the stream has not been made yet. */
const STREAM_NOT_FOUND = 10_059;

type StreamInfo = Readonly<{
  error?: { err_code?: number; description?: string };
  cluster?: { leader?: string; replicas?: readonly { active?: number }[] };
}>;

/**
 * Leaves a NATS server for the next one of the list while none of `streams` is in use through it. A server that is cut off
 * from its cluster keeps its clients' connections, also as the leader it was, but nothing that they send is stored. Needs
 * the permission STREAM.INFO, and ends with the connection (docs/decisions/0052).
 */
export function leaveIsolatedServer(
  nats: NatsConnection,
  streams: readonly string[],
  log: Pick<Log, "warn">,
): void {
  if (streams.length === 0) return;
  let silentLooks = 0;
  /** All servers, while the one that was left is not among those to connect to. */
  let all: string[] | undefined;
  const look = async () => {
    if (all !== undefined) nats.setServers(all);
    all = undefined;
    const isInUse = await Promise.any(streams.map((stream) => requireMajority(nats, stream))).then(
      () => true,
      () => false,
    );
    silentLooks = isInUse ? 0 : silentLooks + 1;
    if (silentLooks < LOOKS_MAX) return;
    silentLooks = 0;
    log.warn(
      { part: "nats", server: nats.getServer() },
      "no stream answers through this server: going to another",
    );
    const servers = nats.getServers().map(({ listen }) => listen);
    const others = servers.filter((server) => server !== nats.getServer());
    if (others.length === 0) return;
    // Otherwise the client's first choice is the same server again.
    all = servers;
    nats.setServers(others);
    // Refused while the connection is lost or closed, and not needed then.
    await nats.reconnect().catch(() => undefined);
  };
  const timer = setInterval(() => void look(), LOOK_EVERY_MS);
  void nats.closed().then(() => clearInterval(timer));
}

/** @throws {Error} unless the stream's leader answers and heard from a majority of its replicas lately. */
async function requireMajority(nats: NatsConnection, stream: string): Promise<void> {
  const answer = await nats.request(`$JS.API.STREAM.INFO.${stream}`, "", { timeout: ANSWER_MS });
  const { error, cluster } = answer.json<StreamInfo>();
  if (error !== undefined && error.err_code !== STREAM_NOT_FOUND) throw new Error(error.description);
  // A server alone is in no cluster.
  if (cluster === undefined) return;
  const { leader, replicas = [] } = cluster;
  if (leader === undefined) throw new Error(`${stream} has no leader`);
  const heard = replicas.filter(({ active = 0 }) => active < SILENCE_MAX_NS).length;
  if ((heard + 1) * 2 <= replicas.length + 1) throw new Error(`${stream} has no majority`);
}
