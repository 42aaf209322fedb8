import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { makeTempDir, removeDataDir } from "@parley/devstack/temp-dir";
import { streamConfig } from "@parley/protocol/log";
import { connectNats } from "@parley/runtime/nats";
import { expect, it } from "vitest";
import { NatsCluster, NODES } from "./nats-cluster.ts";

const SILENT = { warn: () => undefined, info: () => undefined, error: () => undefined };
const STREAM_BYTES = 1_048_576;
/** Three servers elect leaders while other tests use the machine, ms. */
const DEADLINE_MS = 30_000;
/** One question of many, ms: without a leader nobody answers it. */
const TRY_MS = 1_000;

it("a connection leaves the node that is cut off from its cluster; once it is back all copies are equal", async () => {
  await using closers = new AsyncDisposableStack();
  const dataDir = await makeTempDir("cluster");
  closers.defer(() => removeDataDir(dataDir));
  const cluster = await NatsCluster.start(dataDir, dataDir, closers);
  closers.defer(async () => void (await Promise.all(cluster.nodes.map((node) => node.stop()))));
  const url = cluster.nodes.map((node) => node.url).join();
  const nats = await connectNats({ url, name: "test", streams: ["CHAT_0"], log: SILENT as never });
  closers.defer(() => nats.close());
  const jsm = await jetstreamManager(nats, { checkAPI: false, timeout: TRY_MS });
  // The node that places streams may not have heard of all others yet, though each calls itself healthy.
  const add = () => jsm.streams.add(streamConfig(0, 1, NODES, STREAM_BYTES)).catch(() => undefined);
  await expect.poll(add, { timeout: DEADLINE_MS }).toBeDefined();
  const send = (text: string) =>
    jetstream(nats)
      .publish("chat.0.general", text, { msgID: text, timeout: TRY_MS })
      .catch(() => undefined);
  await expect.poll(() => send("before"), { timeout: DEADLINE_MS }).toMatchObject({ seq: 1 });

  const isolated = cluster.nodes.find((node) => node.url.endsWith(nats.getServer()));
  if (isolated === undefined) throw new Error(`no node is ${nats.getServer()}`);
  const heal = cluster.isolate(isolated);
  await expect.poll(() => nats.getServer(), { timeout: DEADLINE_MS }).not.toBe(new URL(isolated.url).host);
  await expect.poll(() => send("after"), { timeout: DEADLINE_MS }).toMatchObject({ seq: 2 });
  heal();
  const { equal, differing } = await cluster.compare();
  expect(differing).toEqual([]);
  expect(equal).toEqual([expect.stringMatching(/^CHAT_0: last_seq 2, 2 messages, SHA-256 /)]);
}, 120_000);
