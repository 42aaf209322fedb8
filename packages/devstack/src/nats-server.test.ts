import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type NatsServer, startNats } from "./nats-server.ts";
import { makeTempDir } from "./temp-dir.ts";

let folder: string;
let nats: NatsServer;
beforeAll(async () => {
  folder = await makeTempDir("nats");
  nats = await startNats({ dataDir: folder });
});
afterAll(async () => {
  await nats?.stop();
});

test("what JetStream acknowledged is there after kill -9 and a restart on the same port", async () => {
  let connection = await connect({ servers: nats.url });
  await (await jetstreamManager(connection)).streams.add({ name: "T", subjects: ["t.>"] });
  for (let n = 1; n <= 20; n += 1) await jetstream(connection).publish("t.a", `message ${n}`);
  const { pid } = nats;
  await nats.kill();
  await connection.close();
  expect(nats.pid).toBeUndefined();
  await nats.restart();
  expect(nats.pid).not.toBe(pid);
  connection = await connect({ servers: nats.url });
  const stream = await (await jetstreamManager(connection)).streams.info("T");
  expect(stream.state.messages).toBe(20);
  await connection.close();
});

test("a server that cannot start says why", async () => {
  const other = await makeTempDir("nats");
  const start = startNats({ dataDir: other, extraConfig: "no_such_setting: 1" });
  await expect(start).rejects.toThrow(/no_such_setting/);
});
