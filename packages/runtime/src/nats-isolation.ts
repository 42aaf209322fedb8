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
  let isConnected = true;
  /** The stream that was in use at the last look: usually one request tells enough. */
  let known = streams[0] as string;
  /** All servers, while the one that was left is not among those to connect to. */
  let all: string[] | undefined;
  const look = async () => {
    if (all !== undefined) nats.setServers(all);
    all = undefined;
    if (!isConnected) return;
    const rest = streams.filter((stream) => stream !== known);
    const inUse = await requireMajority(nats, known)
      .catch(() => Promise.any(rest.map((stream) => requireMajority(nats, stream))))
      .catch(() => undefined);
    known = inUse ?? known;
    silentLooks = inUse === undefined ? silentLooks + 1 : 0;
    if (silentLooks < LOOKS_MAX || !isConnected) return;
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
  void (async () => {
    for await (const { type } of nats.status()) {
      if (type !== "disconnect" && type !== "reconnect") continue;
      isConnected = type === "reconnect";
      silentLooks = 0;
    }
  })();
  void nats.closed().then(() => clearInterval(timer));
}

/** Returns the stream. @throws {Error} unless the stream's leader answers and heard from a majority of its replicas lately. */
async function requireMajority(nats: NatsConnection, stream: string): Promise<string> {
  const answer = await nats.request(`$JS.API.STREAM.INFO.${stream}`, "", { timeout: ANSWER_MS });
  const { error, cluster } = answer.json<StreamInfo>();
  if (error !== undefined && error.err_code !== STREAM_NOT_FOUND) throw new Error(error.description);
  // A server alone is in no cluster.
  if (cluster === undefined) return stream;
  const { leader, replicas = [] } = cluster;
  if (leader === undefined) throw new Error(`${stream} has no leader`);
  const heard = replicas.filter(({ active = 0 }) => active < SILENCE_MAX_NS).length;
  if ((heard + 1) * 2 <= replicas.length + 1) throw new Error(`${stream} has no majority`);
  return stream;
}
