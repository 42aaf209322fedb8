import { hostname } from "node:os";
import type { NatsConnection } from "@nats-io/transport-node";
import { authCredentials, authUrl, connectAuth, tokenRules } from "@parley/identity/auth-client";
import { openIdentities } from "@parley/identity/identities";
import { PAGE_SIZE, REPLAY_MAX } from "@parley/protocol/limits";
import { readConfig } from "@parley/runtime/config";
import type { Log } from "@parley/runtime/log";
import { connectNats } from "@parley/runtime/nats";
import type { Database } from "@parley/runtime/postgres";
import { runService } from "@parley/runtime/service";
import { databaseUrl, natsOptions } from "@parley/runtime/variables";
import { doorLimits } from "@parley/socket/door-limits";
import { encodeTextFrames } from "@parley/socket/text-frame";
import type { Static } from "typebox";
import { buildApp } from "./app.ts";
import { ConsumerConfig } from "./config.ts";
import { Hub } from "./delivery/hub.ts";
import { keepHub } from "./delivery/keep-hub.ts";
import { LocalFeed } from "./delivery/local-feed.ts";
import { createLivePublisher } from "./delivery/nats/live-publisher.ts";
import { createHistory } from "./delivery/postgres/history.ts";
import { openReadDatabase } from "./delivery/postgres/read-database.ts";
import { followRooms } from "./follow-rooms.ts";
import { createConsumerMetrics } from "./metrics.ts";
import { openRooms } from "./open-rooms.ts";
import { createPresence } from "./presence/create-presence.ts";
import { exchangePresence } from "./presence/nats/presence-exchange.ts";
import { createLastSeen } from "./presence/postgres/last-seen.ts";
import { createFreeShards } from "./writing/nats/free-shards.ts";
import { createShardLog } from "./writing/nats/jetstream-log.ts";
import { answerStored } from "./writing/nats/stored-responder.ts";
import { createShardStore } from "./writing/postgres/postgres-shard-store.ts";
import { openWriterDatabase } from "./writing/postgres/writer-database.ts";
import { createWriters, type Writers } from "./writing/run-writers.ts";
import type { StoredFeed } from "./writing/stored-feed.ts";

await runService("ws-consumer", process.env, async ({ log, onClose }) => {
  const config = readConfig(ConsumerConfig, process.env);
  const limits = doorLimits(config);
  const url = databaseUrl(config);
  const onFault = (err: unknown, what: string) => log.warn({ err }, what);
  const reads = openReadDatabase(url);
  onClose(() => reads.close());
  const writes = openWriterDatabase(url, "ws-consumer writer", config.LOG_SHARDS);
  onClose(() => writes.close());
  const nats = await connectNats({ ...natsOptions(config), name: "ws-consumer", log });
  onClose(() => nats.close());
  // Presence, rights, read marks and the outbox need their own echo, so only live frames can do without.
  const live = await connectNats({ ...natsOptions(config), name: "ws-consumer live", noEcho: true, log });
  onClose(() => live.close());
  const auth = connectAuth(authUrl(config), authCredentials(config));
  const identities = openIdentities({ auth, nats, rules: tokenRules(config), log });
  onClose(() => identities.close());

  const history = createHistory(reads);
  const readFrames = (room: string, after: number, upTo: number) =>
    history.replay(room, after, upTo, upTo - after);
  const encode = encodeTextFrames;
  const hub = new Hub({
    readHeads: history.heads,
    readFrames,
    encode,
    onFault,
    now: () => performance.now(),
  });
  onClose(keepHub(hub, onFault));
  const instance = `${hostname()}:${config.CONSUMER_HTTP_PORT}`;
  const lastSeen = createLastSeen(reads);
  const presence = createPresence({
    hub,
    instance,
    noteLastSeen: lastSeen.note,
    onFault,
    now: () => performance.now(),
  });
  onClose(exchangePresence(nats, { ...presence, onFault }));

  const here = new LocalFeed(onFault);
  const feed = createLivePublisher({ nats, live, deliverHere: here.deliver });
  const writers = await openWriters(config, instance, writes, { nats, feed, log });
  await writers.start();
  onClose(() => writers.close());
  onClose(answerStored(nats, history.findStored));

  const rooms = await openRooms({ config, database: reads, nats, auth, writers, log, onClose });
  const { app, door, ...sockets } = await buildApp({
    identities,
    rooms: {
      hub,
      readFrames,
      encode,
      replayMax: REPLAY_MAX,
      pageSize: PAGE_SIZE,
      ...rooms,
      onFault,
    },
    overHttp: { ...rooms, readPage: history.pageFor },
    presence,
    lastSeenOf: lastSeen.of,
    limits,
    checks: {
      nats: () => Promise.all([nats.flush(), live.flush()]),
      postgres: () => reads.query("select 1"),
      writers: writers.check,
      auth: identities.check,
    },
    metrics: createConsumerMetrics(writers, hub),
    trustProxy: config.TRUST_PROXY,
    log,
  });
  onClose(followRooms({ nats, live, hub, here, onFault, ...sockets }));
  onClose(() => app.close());
  onClose(() => door.drain());
  await app.listen({ host: config.HOST, port: config.CONSUMER_HTTP_PORT });
});

async function openWriters(
  config: Static<typeof ConsumerConfig>,
  instance: string,
  database: Database,
  { nats, feed, log }: Readonly<{ nats: NatsConnection; feed: StoredFeed; log: Log }>,
): Promise<Writers> {
  const { LOG_SHARDS: shards, LOG_REPLICAS: replicas, LOG_MAX_BYTES: maxBytes } = config;
  return createWriters({
    instance,
    shards,
    store: createShardStore(database),
    log: await createShardLog(nats, { shards, replicas, maxBytes }),
    feed,
    report: (level, message, facts) => log[level](facts, message),
    free: createFreeShards(nats),
  });
}
