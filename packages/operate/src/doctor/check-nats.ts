import { withoutPassword } from "@parley/devstack/database";
import { ANSWER_MS, checkClock, type Finding, mend, note, ok, silence } from "./finding.ts";

/** Older servers lose acknowledged messages after a full disk (docs/decisions/0001). */
const VERSION_MIN = "2.15.1";
/** Copies of a shard in a cluster: with two, one lost node stops the log. */
const REPLICAS_MIN = 3;
const FULL_SHARE = 0.7;
const SHARD = /^CHAT_\d+$/;

type Varz = Readonly<{ version: string; server_name: string; now: string }>;
type Replica = Readonly<{ name: string; current?: boolean; offline?: boolean }>;
type Stream = Readonly<{
  name: string;
  config?: { num_replicas: number; max_bytes: number };
  state: { bytes: number };
  cluster?: { leader?: string; replicas?: Replica[] };
}>;
type Jsz = Readonly<{
  config?: { sync_always?: boolean };
  account_details?: { stream_detail?: Stream[] }[];
}>;

/** Checks every NATS server by its monitoring address: version, sync of each write, copies and room of the log. */
export async function checkNats(monitorUrls: readonly string[]): Promise<Finding[]> {
  if (monitorUrls.length === 0)
    return [note("NATS_MONITOR_URL is not set: whether NATS syncs every write was not checked")];
  return (await Promise.all(monitorUrls.map((url) => checkNode(url, monitorUrls.length)))).flat();
}

async function checkNode(url: string, nodes: number): Promise<Finding[]> {
  const { host } = new URL(url);
  const ask = async <Answer>(path: string) => {
    const response = await fetch(new URL(path, url), { signal: AbortSignal.timeout(ANSWER_MS) });
    return (await response.json()) as Answer;
  };
  try {
    const askedAt = Date.now();
    const varz = await ask<Varz>("/varz");
    const clock = checkClock(`NATS at ${host}`, Date.parse(varz.now), askedAt);
    const jsz = await ask<Jsz>("/jsz?streams=1&config=1");
    const { status, error } = await ask<{ status?: string; error?: string }>("/healthz");
    const health =
      status === "ok" ? [] : [mend(`NATS at ${host} is not well (${error ?? status}): see its log`)];
    return [...checkServer(host, varz, jsz), ...clock, ...health, ...checkStreams(host, nodes, varz, jsz)];
  } catch (error) {
    const told = `NATS does not answer at ${withoutPassword(url)}`;
    return [mend(silence(error, told, "nats", "start it, or correct NATS_MONITOR_URL"))];
  }
}

function checkServer(host: string, { version }: Varz, { config }: Jsz): Finding[] {
  const isNew = version.localeCompare(VERSION_MIN, "en", { numeric: true }) >= 0;
  const isSynced = config?.sync_always === true;
  return [
    isNew
      ? ok(`NATS at ${host} is ${version}`)
      : mend(
          `NATS at ${host} is ${version}, which can lose messages after a full disk: update it to ${VERSION_MIN} or newer`,
        ),
    isSynced
      ? ok(`NATS at ${host} syncs every write`)
      : mend(
          `NATS at ${host} does not sync every write, so a power cut loses messages: set jetstream { sync_interval: always }`,
        ),
  ];
}

function checkStreams(
  host: string,
  nodes: number,
  { server_name }: Varz,
  { account_details = [] }: Jsz,
): Finding[] {
  const shards = account_details
    .flatMap(({ stream_detail = [] }) => stream_detail)
    .filter(({ name }) => SHARD.test(name));
  return shards.flatMap((stream) => {
    const { name, config, state, cluster: copies } = stream;
    const findings: Finding[] = [];
    if (config === undefined) return findings;
    if (nodes >= REPLICAS_MIN && config.num_replicas < REPLICAS_MIN)
      findings.push(
        mend(
          `${name} has ${config.num_replicas} copy on ${nodes} NATS servers, so it stops with one of them: set LOG_REPLICAS=${REPLICAS_MIN}`,
        ),
      );
    // A follower calls the other followers not current: only the leader knows.
    if (copies?.leader === server_name) findings.push(...checkReplicas(host, stream));
    if (state.bytes > config.max_bytes * FULL_SHARE)
      findings.push(
        mend(
          `${name} is ${Math.round((100 * state.bytes) / config.max_bytes)} % full: see that Postgres keeps up, or raise LOG_MAX_BYTES`,
        ),
      );
    return findings;
  });
}

function checkReplicas(host: string, { name, cluster }: Stream): Finding[] {
  const stale = (cluster?.replicas ?? []).filter(
    ({ current, offline }) => current === false || offline === true,
  );
  return stale.map(({ name: peer }) =>
    mend(`${name} has no current copy on ${peer} (seen from ${host}): start that server, or see its log`),
  );
}
