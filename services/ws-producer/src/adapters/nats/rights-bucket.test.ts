import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { headers, type NatsConnection } from "@nats-io/transport-node";
import { type NatsServer, startNats } from "@parley/devstack/nats-server";
import { makeTempDir, removeDataDir } from "@parley/devstack/temp-dir";
import { encodeAccess, FILLED_KEY, memberKey, ROOMS_BUCKET, roomKey } from "@parley/protocol/access";
import { createLog } from "@parley/runtime/log";
import { connectNats } from "@parley/runtime/nats";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createMayPost } from "../../application/room-access.ts";
import { createRightsCache } from "./rights-bucket.ts";

const ROOM = "G00000000000000000000000000";

let dataDir: string;
let server: NatsServer;
let nats: NatsConnection;

beforeAll(async () => {
  dataDir = await makeTempDir("rights");
  server = await startNats({ dataDir });
  nats = await connectNats({ url: server.url, name: "rights", log: createLog("rights", "silent") });
});
afterAll(async () => {
  await nats?.close();
  await server?.stop();
  await removeDataDir(dataDir);
});

it("members of private rooms get `unavailable` while the bucket is lost or being filled, and others 404 only then", async () => {
  const faults: unknown[] = [];
  const start = () =>
    createMayPost(
      createRightsCache(nats, (error) => faults.push(error)),
      false,
      () => true,
    );
  const answer = async (mayPost: ReturnType<typeof start>, room: string, user: string) =>
    Promise.resolve()
      .then(() => mayPost(room, user))
      .catch(({ code }) => code);
  expect(await answer(start(), ROOM, "ann")).toBe("unavailable");
  const jsm = await jetstreamManager(nats);
  const stream = { name: `KV_${ROOMS_BUCKET}`, subjects: [`$KV.${ROOMS_BUCKET}.>`] };
  await jsm.streams.add({ ...stream, max_msgs_per_subject: 1, allow_direct: true });
  const put = async (key: string, value: string) => {
    const extra = headers();
    if (value === "") extra.set("KV-Operation", "DEL");
    await jetstream(nats).publish(`$KV.${ROOMS_BUCKET}.${key}`, value, { headers: extra });
    await nats.flush();
  };
  const mayPost = start();
  expect(await answer(mayPost, ROOM, "ann")).toBe("unavailable");
  expect(await answer(mayPost, "channel", "ann")).toBe("unavailable");
  await put(memberKey(ROOM, "ann"), encodeAccess({ version: 3, state: "member" }));
  await put(memberKey(ROOM, "gone"), encodeAccess({ version: 3, state: "none" }));
  await put(memberKey(ROOM, "eve"), encodeAccess({ version: 3, state: "blocked" }));
  expect(await answer(mayPost, ROOM, "ann")).toBe(true);
  expect(await answer(mayPost, ROOM, "gone")).toBe(false);
  expect(await answer(mayPost, ROOM, "eve")).toBe("blocked");
  expect(await answer(mayPost, ROOM, "eve")).toBe("blocked");
  expect(await answer(mayPost, ROOM, "bob")).toBe("unavailable");
  await put(FILLED_KEY, "rule 1-2-3");
  expect(await answer(mayPost, ROOM, "bob")).toBe(false);
  expect(await answer(mayPost, "channel", "bob")).toBe(false);
  await put(FILLED_KEY, "");
  expect(await answer(mayPost, ROOM, "bob")).toBe("unavailable");
  await put(roomKey(ROOM), encodeAccess({ version: 9, state: "none" }));
  expect(await answer(mayPost, ROOM, "ann")).toBe(false);
  expect(faults).toEqual([]);
});
