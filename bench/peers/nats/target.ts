import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import type { Target } from "@parley/bench/targets/target";
import { startNats } from "@parley/devstack/nats-server";
import { findFreePort } from "@parley/devstack/ports";
import { makeTempDir, removeDataDir } from "@parley/devstack/temp-dir";
import { streamConfig } from "@parley/protocol/log";
import type { Contender } from "../contender.ts";

const STREAM_BYTES_MAX = 4 * 1024 ** 3;

/**
 * nats-server alone: members publish into one synced stream over its own WebSocket. There is no Postgres, nobody's
 * right to a room is asked about, and messages reach members before they are on disk: a lower bound of what it costs.
 */
async function start(): Promise<Target> {
  const dataDir = await makeTempDir("bench-nats");
  const port = await findFreePort();
  const server = await startNats({
    dataDir,
    extraConfig: `websocket { listen: "127.0.0.1:${port}", no_tls: true }`,
  });
  const nats = await connect({ servers: server.url });
  const jsm = await jetstreamManager(nats);
  const { name } = await jsm.streams
    .add({ ...streamConfig(0, 1, 1, STREAM_BYTES_MAX), subjects: ["room.*"] })
    .then(({ config }) => config);
  return {
    name: "nats",
    dialect: import.meta.resolve("./dialect.ts"),
    endpoint: { url: `ws://127.0.0.1:${port}` },
    versions: { "nats-server": nats.info?.version ?? "" },
    pids: () => ({ nats: server.pid ?? 0 }),
    tokens: async (count) => Array.from({ length: count }, () => ""),
    stored: async () => (await jsm.streams.info(name)).state.last_seq,
    stop: async () => {
      await nats.close();
      await server.stop();
      await removeDataDir(dataDir);
    },
  };
}

export const nats: Contender = {
  name: "nats",
  title: "nats-server alone",
  start,
  holder: "nats",
  missing: () => undefined,
};
