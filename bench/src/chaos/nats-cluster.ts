import { createHash } from "node:crypto";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { type NatsServer, startNatsCluster } from "@parley/devstack/nats-server";
import { findFreePort } from "@parley/devstack/ports";
import { sleep } from "@parley/runtime/deadline";
import { TcpProxy } from "./tcp-proxy.ts";

export const NODES = 3;
const BATCH = 1_000;
const NOT_FOUND = 404;
const POLL_MS = 100;
const ANSWER_MS = 5_000;
/** Longest wait until replicas have caught up, or a leader has moved. */
const SETTLE_MS = 20_000;

type Replica = Readonly<{ name: string; current?: boolean; lag?: number }>;
type StreamDetail = Readonly<{
  name: string;
  state: { last_seq: number; messages: number };
  cluster?: { leader?: string; replicas?: readonly Replica[] };
}>;
type Route = Readonly<{ from: number; to: number; proxy: TcpProxy }>;

/** Several nats-servers whose routes pass through a proxy each, so that a node can be isolated. */
export class NatsCluster {
  readonly nodes: readonly NatsServer[];
  readonly #routes: readonly Route[];

  private constructor(nodes: readonly NatsServer[], routes: readonly Route[]) {
    this.nodes = nodes;
    this.#routes = routes;
  }

  static async start(dataDir: string, logsDir: string, closers: AsyncDisposableStack): Promise<NatsCluster> {
    const routes: Route[] = [];
    const routeTo = async (from: number, to: number, port: number) => {
      const proxy = await TcpProxy.start(await findFreePort(), port);
      closers.defer(() => proxy.close());
      routes.push({ from, to, proxy });
      return proxy.port;
    };
    const nodes = await startNatsCluster({ dataDir, logsDir, nodes: NODES, routeTo });
    return new NatsCluster(nodes, routes);
  }

  /** The node that leads most streams, or one that leads none: its streams get another leader first. */
  async find(role: "leader" | "follower"): Promise<NatsServer> {
    const led = (node: NatsServer, all: readonly StreamDetail[]) =>
      all.filter(({ cluster }) => cluster?.leader === node.name).map(({ name }) => name);
    const streams = await this.#streams();
    const byLed = this.nodes.toSorted((a, b) => led(b, streams).length - led(a, streams).length);
    const [most, follower] = [byLed[0] as NatsServer, byLed.at(-1) as NatsServer];
    if (role === "leader") return most;
    await usingNats(most.url, async (nats) => {
      const preferred = JSON.stringify({ placement: { preferred: most.name } });
      for (const name of led(follower, streams))
        await nats.request(`$JS.API.STREAM.LEADER.STEPDOWN.${name}`, preferred, { timeout: ANSWER_MS });
    });
    await until("a follower", async () => led(follower, await this.#streams()).length === 0);
    return follower;
  }

  /** Resets all routes of a node, and new ones until the returned function is called. */
  isolate(node: NatsServer): () => void {
    const index = this.nodes.indexOf(node);
    const mine = this.#routes.filter(({ from, to }) => from === index || to === index);
    for (const { proxy } of mine) proxy.cut();
    return () => {
      for (const { proxy } of mine) proxy.heal();
    };
  }

  /**
   * Reads each node's own copy of every stream: a direct get, asked of the node while its routes are cut, so that no other
   * can answer. Nothing may be written meanwhile. Returns what is equal and what is not, as text.
   */
  async compare(): Promise<Readonly<{ equal: readonly string[]; differing: readonly string[] }>> {
    const copies = new Map<string, string[]>();
    for (const node of this.nodes) {
      await this.untilCurrent();
      const heal = this.isolate(node);
      try {
        const streams = await streamsAt(node);
        await usingNats(node.url, async (nats) => {
          for (const { name, state } of streams)
            copies.set(name, [...(copies.get(name) ?? []), await copyOf(nats, name, state.last_seq)]);
        });
      } finally {
        heal();
      }
    }
    const lines = [...copies].map(([name, all]) => ({ name, all, kinds: new Set(all) }));
    const isEqual = ({ all, kinds }: (typeof lines)[number]) =>
      kinds.size === 1 && all.length === this.nodes.length;
    return {
      equal: lines.filter(isEqual).map(({ name, all }) => `${name}: ${all[0]}`),
      differing: lines.filter((one) => !isEqual(one)).map(({ name, all }) => `${name}: ${all.join("; ")}`),
    };
  }

  /** Waits until every stream has a leader and each of its replicas has all of it. @throws {Error} after 20 s. */
  untilCurrent(): Promise<void> {
    return until("all replicas to be current", () => this.#isCurrent());
  }

  /** All nodes name one leader of each stream, which knows the others to be current, and have as much of it. */
  async #isCurrent(): Promise<boolean> {
    const all = await Promise.all(this.nodes.map((node) => streamsAt(node).catch(() => [])));
    const names = new Set(all.flat().map(({ name }) => name));
    const led = await this.#streams();
    return [...names].every((name) => {
      const copies = all.flat().filter((one) => one.name === name);
      const views = new Set(copies.map(({ cluster, state }) => `${cluster?.leader} ${state.last_seq}`));
      const replicas = led.find((one) => one.name === name)?.cluster?.replicas ?? [];
      const isCaughtUp = replicas.every(({ current, lag = 0 }) => current === true && lag === 0);
      return copies.length === NODES && views.size === 1 && replicas.length === NODES - 1 && isCaughtUp;
    });
  }

  /** Each stream as its leader sees it. */
  async #streams(): Promise<StreamDetail[]> {
    const all = await Promise.all(this.nodes.map((node) => streamsAt(node).catch(() => [])));
    return this.nodes.flatMap((node, i) =>
      (all[i] ?? []).filter(({ cluster }) => cluster?.leader === node.name),
    );
  }
}

/** Streams as one node sees them. */
async function streamsAt({ monitorUrl }: NatsServer): Promise<StreamDetail[]> {
  const url = `${monitorUrl}/jsz?streams=true`;
  const answer = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS) });
  const { account_details: accounts = [] } = (await answer.json()) as {
    account_details?: { stream_detail?: StreamDetail[] }[];
  };
  return accounts.flatMap(({ stream_detail: streams = [] }) => streams);
}

/** The last sequence of a copy, the number of its messages, and a hash over all of each. */
async function copyOf(nats: NatsConnection, stream: string, lastSeq: number): Promise<string> {
  const jsm = await jetstreamManager(nats, { checkAPI: false, timeout: ANSWER_MS });
  const hash = createHash("sha256");
  let [count, last] = [0, 0];
  for (let before = -1; before < last; ) {
    before = last;
    try {
      for await (const message of await jsm.direct.getBatch(stream, { seq: last + 1, batch: BATCH })) {
        const { seq, subject, time, header, data } = message;
        hash.update(`${seq} ${subject} ${time.toISOString()} ${[...header].join()}\n`).update(data);
        count += 1;
        last = seq;
      }
    } catch (error) {
      if ((error as { code?: number }).code !== NOT_FOUND) throw error;
    }
  }
  return `last_seq ${lastSeq}, ${count} messages, SHA-256 ${hash.digest("hex").slice(0, 16)}`;
}

async function usingNats(url: string, use: (nats: NatsConnection) => Promise<void>): Promise<void> {
  const nats = await connect({ servers: url, noAsyncTraces: true, ignoreClusterUpdates: true });
  try {
    await use(nats);
  } finally {
    await nats.close();
  }
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + SETTLE_MS;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`waited ${SETTLE_MS} ms for ${what}`);
    await sleep(POLL_MS);
  }
}
