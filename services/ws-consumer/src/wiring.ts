import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { NatsConnection } from "@nats-io/transport-node";
import { authCredentials, authUrl, connectAuth, tokenRules } from "@parley/identity/auth-client";
import { openIdentities } from "@parley/identity/identities";
import { PAGE_SIZE, REPLAY_MAX } from "@parley/protocol/limits";
import { freshGroupId } from "@parley/protocol/room-ids";
import { kindOf } from "@parley/protocol/rooms";
import type { App } from "@parley/runtime/http";
import { connectNats } from "@parley/runtime/nats";
import type { ServiceContext } from "@parley/runtime/service";
import { databaseUrl, natsOptions } from "@parley/runtime/variables";
import { doorLimits } from "@parley/socket/door-limits";
import { encodeTextFrames } from "@parley/socket/text-frame";
import type { Static } from "typebox";
import { buildApp, type ConsumerApp } from "./app.ts";
import type { ConsumerConfig } from "./config.ts";
import { Hub } from "./delivery/hub.ts";
import { keepHub } from "./delivery/keep-hub.ts";
import { LocalFeed } from "./delivery/local-feed.ts";
import { createLivePublisher } from "./delivery/nats/live-publisher.ts";
import { subscribeLive } from "./delivery/nats/live-subscriber.ts";
import { createHistory } from "./delivery/postgres/history.ts";
import { openReadDatabase } from "./delivery/postgres/read-database.ts";
import { createConsumerMetrics } from "./metrics.ts";
import { createPresence } from "./presence/create-presence.ts";
import { exchangePresence } from "./presence/nats/presence-exchange.ts";
import { createLastSeen } from "./presence/postgres/last-seen.ts";
import { createAccess } from "./rooms/access.ts";
import { createFindUsers } from "./rooms/auth/find-users.ts";
import { createChangeMessages } from "./rooms/change-messages.ts";
import { createChangeRooms } from "./rooms/change-rooms.ts";
import { keepBoard } from "./rooms/keep-board.ts";
import { createMarkRead } from "./rooms/mark-read.ts";
import { createAccessBoard } from "./rooms/nats/access-board.ts";
import { createChangeNotices, createReceipts, listenToAccess } from "./rooms/nats/change-notices.ts";
import { answerReads, createTellRead, listenToReads } from "./rooms/nats/read-exchange.ts";
import { createRoomStore } from "./rooms/postgres/postgres-room-store.ts";
import { createReadCursors } from "./rooms/postgres/read-cursors.ts";
import { createFindStanding, createRoomViews, createWhoMayRead } from "./rooms/postgres/room-views.ts";
import { checkLanguage, createSearch, openSearchDatabase } from "./search/postgres/search-index.ts";
import { keepWords } from "./search/search.ts";
import { createFreeShards } from "./writing/nats/free-shards.ts";
import { createShardLog } from "./writing/nats/jetstream-log.ts";
import { createAppendEntry, listenToOutbox } from "./writing/nats/outbox-log.ts";
import { answerStored } from "./writing/nats/stored-responder.ts";
import { createOutbox, readRights } from "./writing/postgres/outbox.ts";
import { createShardStore } from "./writing/postgres/postgres-shard-store.ts";
import { openWriterDatabase } from "./writing/postgres/writer-database.ts";
import { relayOutbox } from "./writing/relay-outbox.ts";
import { createWriters, type Writers } from "./writing/run-writers.ts";

/** Members whose read cursors a subscriber to a room is sent. */
const CURSORS_MAX = 100;
/** How often listeners' rights are looked up although nobody announced a change, ms. */
const RECHECK_MS = 10_000;

type Context = ServiceContext & Readonly<{ config: Static<typeof ConsumerConfig> }>;
type Connections = Awaited<ReturnType<typeof connect>>;
type OnFault = (error: unknown, what: string) => void;

/**
 * Makes everything of ws-consumer, in the order in which data flows: the log, the writers, Postgres, the hub, the
 * sockets. What is made here is closed in the opposite order. The app that it returns does not listen yet.
 *
 * @throws {Error} if a setting is refused (before anything is opened), or the database was installed for other ones.
 */
export async function wireConsumer(context: Context): Promise<App> {
  const { config, log, onClose } = context;
  const limits = doorLimits(config);
  const onFault: OnFault = (err, what) => log.warn({ err }, what);
  const connections = await connect(context);
  const { nats, live, reads, identities } = connections;
  const instance = `${hostname()}:${config.CONSUMER_HTTP_PORT}`;

  const history = createHistory(reads);
  const readFrames = (room: string, after: number, upTo: number) =>
    history.replay(room, after, upTo, upTo - after);
  const now = () => performance.now();
  const hub = new Hub({ readHeads: history.heads, readFrames, encode: encodeTextFrames, onFault, now });
  onClose(keepHub(hub, onFault));
  const here = new LocalFeed(onFault);

  const writers = await wireWriting(context, connections, instance, here);
  onClose(answerStored(nats, history.findStored));

  const lastSeen = createLastSeen(reads);
  const presence = createPresence({ hub, instance, noteLastSeen: lastSeen.note, onFault, now });
  onClose(exchangePresence(nats, { ...presence, onFault }));

  const rooms = wireRooms(context, connections, writers, onFault);
  const { search, index } = await wireSearch(context, onFault);

  const built = await buildApp({
    identities,
    subscriptions: {
      hub,
      readFrames,
      encode: encodeTextFrames,
      replayMax: REPLAY_MAX,
      pageSize: PAGE_SIZE,
      checkReadable: rooms.checkReadable,
      whoMayRead: rooms.whoMayRead,
      readCursors: rooms.readCursors,
      onFault,
    },
    overHttp: { ...rooms, readPage: history.pageFor, search, index },
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
  onClose(deliverToSockets(built, connections, hub, here, onFault));
  onClose(() => built.app.close());
  onClose(() => built.door.drain());
  return built.app;
}

/** Opens the connections to Postgres, NATS and auth; each is closed after everything that uses it. */
async function connect({ config, log, onClose }: Context) {
  const url = databaseUrl(config);
  const reads = openReadDatabase(url);
  onClose(() => reads.close());
  const writes = openWriterDatabase(url, "ws-consumer writer", config.LOG_SHARDS);
  onClose(() => writes.close());
  const nats = await connectNats({ ...natsOptions(config), name: "ws-consumer", log });
  onClose(() => nats.close());
  // Presence, rights, read marks and the outbox need their own echo; live frames do not.
  const live = await connectNats({ ...natsOptions(config), name: "ws-consumer live", noEcho: true, log });
  onClose(() => live.close());
  const auth = connectAuth(authUrl(config), authCredentials(config));
  const identities = openIdentities({ auth, nats, rules: tokenRules(config), log });
  onClose(() => identities.close());
  return { reads, writes, nats, live, auth, identities };
}

/** From the log to Postgres; what is stored goes to the listeners here and by NATS to other instances. */
async function wireWriting(
  { config, log, onClose }: Context,
  { nats, live, writes }: Connections,
  instance: string,
  here: LocalFeed,
): Promise<Writers> {
  const { LOG_SHARDS: shards, LOG_REPLICAS: replicas, LOG_MAX_BYTES: maxBytes } = config;
  const writers = createWriters({
    instance,
    shards,
    store: createShardStore(writes),
    log: await createShardLog(nats, { shards, replicas, maxBytes }),
    feed: createLivePublisher({ nats, live, deliverHere: here.deliver }),
    report: (level, message, facts) => log[level](facts, message),
    free: createFreeShards(nats),
  });
  await writers.start();
  onClose(() => writers.close());
  return writers;
}

/** Rooms, members, read cursors and changes of messages; each change goes through the outbox to the log. */
function wireRooms(
  { config, log, onClose }: Context,
  { reads, nats, auth }: Connections,
  writers: Writers,
  onFault: OnFault,
) {
  const { LOG_SHARDS: shards, LOG_REPLICAS: replicas, CHANNEL_AUTO_CREATE: isAutoCreated } = config;
  const cursors = createReadCursors(reads);
  const markRead = createMarkRead(cursors.move, createTellRead(nats));
  onClose(answerReads(nats, markRead));
  const mark = `CHANNEL_AUTO_CREATE=${isAutoCreated}`;
  const board = createAccessBoard(nats, replicas, () => readRights(reads), mark);
  onClose(keepBoard(board.prepare, onFault));
  const relay = relayOutbox({
    outbox: createOutbox(reads),
    board,
    append: createAppendEntry(nats, shards),
    shards: () => [...writers.cursors().keys()],
    listen: (onFilled) => listenToOutbox(nats, onFilled),
    report: (level, text, details) => log[level](details, text),
  });
  onClose(relay);
  const changing = {
    store: createRoomStore(reads, shards),
    receipts: createReceipts(nats),
    notices: createChangeNotices(nats),
    now: () => new Date(),
    freshId: () => randomUUID(),
  };
  return {
    markRead,
    views: createRoomViews(reads),
    checkReadable: createAccess(createFindStanding(reads), isAutoCreated),
    whoMayRead: createWhoMayRead(reads),
    readCursors: (room: string) => cursors.ofRoom(room, CURSORS_MAX),
    messages: createChangeMessages(changing),
    changes: createChangeRooms({
      ...changing,
      findUsers: createFindUsers(auth),
      freshGroupId,
      isAutoCreated,
    }),
  };
}

async function wireSearch({ config, onClose }: Context, onFault: OnFault) {
  const database = openSearchDatabase(databaseUrl(config));
  onClose(() => database.close());
  await checkLanguage(database, config.SEARCH_LANGUAGE);
  const { search, index } = createSearch(database, config.SEARCH_LANGUAGE);
  onClose(keepWords(index, onFault));
  return { search, index };
}

/** Brings what is stored, and what is heard on NATS, to this instance's sockets. Returns what stops it. */
function deliverToSockets(
  { rooms, own }: ConsumerApp,
  { nats, live }: Readonly<{ nats: NatsConnection; live: NatsConnection }>,
  hub: Hub,
  here: LocalFeed,
  onFault: OnFault,
): () => void {
  here.add((room, first, frames) => hub.deliver(room, first, frames));
  here.add((room, _first, frames) => own.tell(room, frames, rooms.listens));
  subscribeLive(live, here.deliver, onFault);
  const stopAccess = listenToAccess(nats, (room) => rooms.recheck(room));
  const stopReads = listenToReads(nats, (mark) => {
    const frame = { type: "read", ...mark };
    if (kindOf(mark.room) !== "channel") hub.whisper([mark.room], frame, mark.user.id);
    for (const connection of own.of(mark.user.id)) connection.send(frame);
  });
  let isChecking = false;
  const timer = setInterval(() => {
    if (isChecking) return;
    isChecking = true;
    void rooms.recheckAll().finally(() => {
      isChecking = false;
    });
  }, RECHECK_MS);
  return () => {
    clearInterval(timer);
    stopAccess();
    stopReads();
  };
}
