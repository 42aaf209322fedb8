import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { openAuth, tokenRules } from "@parley/identity/auth-client";
import { openIdentities } from "@parley/identity/identities";
import { MESSAGES_BURST, MESSAGES_PER_SECOND, PAGE_SIZE, REPLAY_MAX } from "@parley/protocol/limits";
import { streamsOf } from "@parley/protocol/log";
import { freshGroupId, freshInviteCode } from "@parley/protocol/room-ids";
import type { App } from "@parley/runtime/http";
import { connectNats } from "@parley/runtime/nats";
import type { ServiceContext } from "@parley/runtime/service";
import { TokenBuckets } from "@parley/runtime/token-bucket";
import { openTraces } from "@parley/runtime/traces";
import { readTrustProxy } from "@parley/runtime/trust-proxy";
import { databaseUrl, natsOptions } from "@parley/runtime/variables";
import { doorLimits } from "@parley/socket/door-limits";
import { socketCounts } from "@parley/socket/socket-counts";
import { encodeTextFrames } from "@parley/socket/text-frame";
import type { Static } from "typebox";
import { buildApp, type ConsumerApp } from "./app.ts";
import type { ConsumerConfig } from "./config.ts";
import { Hub } from "./delivery/hub.ts";
import { LocalDelivery } from "./delivery/local-delivery.ts";
import { maintainHub } from "./delivery/maintain-hub.ts";
import { maintainRights } from "./delivery/maintain-rights.ts";
import { createLivePublisher, subscribeLive } from "./delivery/nats/live-exchange.ts";
import { createHistory } from "./delivery/postgres/history.ts";
import { createReadEntries } from "./delivery/read-entries.ts";
import { showReads } from "./delivery/websocket/show-reads.ts";
import {
  createPublishUserEvents,
  listenToUserEvents,
  type PublishUserEvents,
} from "./me/nats/user-events-exchange.ts";
import { createNoteSessions } from "./me/note-sessions.ts";
import { createOwnRooms } from "./me/postgres/own-rooms.ts";
import { createReadFrames, createReadHeads } from "./me/read-heads.ts";
import { createConsumerMetrics } from "./metrics.ts";
import { openLanes } from "./postgres/lanes.ts";
import { createPresence } from "./presence/create-presence.ts";
import { exchangePresence } from "./presence/nats/presence-exchange.ts";
import { createLastSeen } from "./presence/postgres/last-seen.ts";
import { createAccess } from "./rooms/access.ts";
import { RoomTurns } from "./rooms/apply-change.ts";
import { createFindUsers } from "./rooms/auth/find-users.ts";
import { createBlocks } from "./rooms/blocks.ts";
import { createChangeMessages } from "./rooms/change-messages.ts";
import { createChangeRooms } from "./rooms/change-rooms.ts";
import { createInvitations } from "./rooms/invitations.ts";
import { maintainAccessBucket } from "./rooms/maintain-access-bucket.ts";
import { createMarkRead } from "./rooms/mark-read.ts";
import { createAccessBucket } from "./rooms/nats/access-bucket.ts";
import { createChangeNotices, createReceipts, listenToAccess } from "./rooms/nats/change-notices.ts";
import { answerReads, createPublishRead, listenToReads } from "./rooms/nats/read-exchange.ts";
import { createBlockStore } from "./rooms/postgres/block-store.ts";
import { createInvitationStore } from "./rooms/postgres/invitation-store.ts";
import { createRoomStore } from "./rooms/postgres/postgres-room-store.ts";
import { createReadCursors } from "./rooms/postgres/read-cursors.ts";
import { createFindStanding, createRoomViews, createWhoMayRead } from "./rooms/postgres/room-views.ts";
import { readIdentity, readRights } from "./rooms/postgres/stored-rights.ts";
import { NO_QUOTAS } from "./rooms/rules/quotas.ts";
import { createIndexBatch, runIndexer } from "./search/indexer.ts";
import { checkLanguage, openSearchDatabase } from "./search/postgres/search-database.ts";
import { createSearchIndex } from "./search/postgres/search-index.ts";
import { createSearchQueue } from "./search/postgres/search-queue.ts";
import { createSearch } from "./search/search.ts";
import { traceDelivery, traceWrites } from "./traces.ts";
import { createFreeShards } from "./writing/nats/free-shards.ts";
import { createShardLog } from "./writing/nats/jetstream-log.ts";
import { createAppendEntry, listenToOutbox } from "./writing/nats/outbox-log.ts";
import { answerStored } from "./writing/nats/stored-responder.ts";
import { createOutbox } from "./writing/postgres/outbox.ts";
import { createShardStore } from "./writing/postgres/postgres-shard-store.ts";
import { openWriterDatabase } from "./writing/postgres/writer-database.ts";
import { relayOutbox } from "./writing/relay-outbox.ts";
import { createWriters, type Writers } from "./writing/run-writers.ts";

type Context = ServiceContext & Readonly<{ config: Static<typeof ConsumerConfig> }>;
type Connections = Awaited<ReturnType<typeof connect>>;
type OnFault = (error: unknown, what: string) => void;

/**
 * Creates all components of ws-consumer, and closes them in the opposite order: connections, hub, writers, presence,
 * rooms, search, and the app, which does not listen yet.
 *
 * @throws {Error} if a setting is invalid (before anything is opened), or differs from those of the database
 */
export async function wireConsumer(context: Context): Promise<App> {
  const { config, log, onClose } = context;
  const limits = doorLimits(config);
  const onFault: OnFault = (err, what) => log.warn({ err }, what);
  const connections = await connect(context);
  const { nats, live, lanes, identities, traces } = connections;
  const instance = `${hostname()}:${config.CONSUMER_HTTP_PORT}`;

  const history = createHistory(lanes.history);
  const { heads } = createHistory(lanes.points);
  const ofRooms = (room: string, after: number, upTo: number) =>
    history.replay(room, after, upTo, upTo - after);
  const readFrames = createReadFrames(ofRooms, createOwnRooms(lanes.history).replay);
  const now = () => performance.now();
  const readEntries = createReadEntries(heads, readFrames);
  const readHeads = createReadHeads(heads, createOwnRooms(lanes.points).heads);
  const sent = socketCounts.framesSent;
  const hub = new Hub({ readHeads, readFrames, encode: encodeTextFrames, sent, onFault, now });
  onClose(maintainHub(hub, onFault));
  const here = new LocalDelivery(onFault, traces && ((deliver) => traceDelivery(deliver, traces)));
  const ownHere = new LocalDelivery(onFault);
  const publishUserEvents = createPublishUserEvents(live, ownHere.deliver);

  const writers = await wireWriting(context, connections, instance, here, publishUserEvents);
  onClose(answerStored(nats, createHistory(lanes.receipts).findStored, onFault));

  const lastSeen = createLastSeen(lanes.receipts);
  const id = `${instance}/${randomUUID()}`;
  const presence = createPresence({ hub, instance: id, noteLastSeen: lastSeen.note, onFault, now });
  onClose(presence.close);
  onClose(exchangePresence(nats, presence, onFault));

  const rooms = wireRooms(context, connections, writers, publishUserEvents, onFault);
  const { search, searchLagSeconds } = await wireSearch(context, writers, onFault);

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
      openRoomsMax: limits.isLimited ? config.ROOMS_OPEN_PER_USER : Number.POSITIVE_INFINITY,
      onFault,
    },
    http: { ...rooms, readPage: history.pageFor, search, readEntries },
    presence,
    lastSeenOf: lastSeen.of,
    noteSession: createNoteSessions(createOwnRooms(lanes.receipts).noteSessions, publishUserEvents, onFault),
    limits,
    checks: {
      nats: () => Promise.all([nats.flush(), live.flush()]),
      postgres: () => lanes.points.query("select 1"),
      writers: writers.check,
      auth: identities.check,
    },
    metrics: createConsumerMetrics(
      { writers, hub, tokens: identities.counts, outboxSeconds: rooms.outboxSeconds, searchLagSeconds },
      config.LOG_SHARDS,
    ),
    trustProxy: readTrustProxy(config.TRUST_PROXY),
    publicPrefix: config.PUBLIC_PREFIX,
    log,
  });
  onClose(deliverToSockets(built, connections, hub, { here, ownHere }, onFault));
  here.add(presence.typing.deliver);
  onClose(() => built.app.close());
  onClose(() => built.door.drain(), limits.drainMs);
  return built.app;
}

/** Opens the connections to Postgres, NATS, auth and the receiver of traces. */
async function connect({ config, log, onClose }: Context) {
  const auth = openAuth(config);
  const url = databaseUrl(config);
  const traces = await openTraces("ws-consumer", config, log);
  onClose(() => traces?.close());
  const lanes = openLanes(url);
  onClose(() => lanes.close());
  const writes = openWriterDatabase(url, "ws-consumer writer", config.LOG_SHARDS);
  onClose(() => writes.close());
  const options = { ...natsOptions(config), streams: streamsOf(config.LOG_SHARDS), log };
  const nats = await connectNats({ ...options, name: "ws-consumer" });
  onClose(() => nats.close());
  // Without echo, for live frames only: presence, rights, read marks and the outbox rely on their own echo.
  const live = await connectNats({ ...options, name: "ws-consumer live", noEcho: true });
  onClose(() => live.close());
  const identities = openIdentities({ auth, nats, rules: tokenRules(config), log });
  onClose(() => identities.close());
  return { lanes, writes, nats, live, auth, identities, traces };
}

/** Starts the writers: from the log to Postgres, then to the listeners here, and by NATS to other instances. */
async function wireWriting(
  { config, log, onClose }: Context,
  { nats, live, writes, traces }: Connections,
  instance: string,
  here: LocalDelivery,
  publishUserEvents: PublishUserEvents,
): Promise<Writers> {
  const { LOG_SHARDS: shards, LOG_REPLICAS: replicas, LOG_MAX_BYTES: maxBytes } = config;
  const writers = createWriters({
    instance,
    shards,
    store: traces ? traceWrites(createShardStore(writes), traces) : createShardStore(writes),
    log: await createShardLog(nats, { shards, replicas, maxBytes, keepHours: config.LOG_KEEP_HOURS }),
    publisher: createLivePublisher({ nats, live, deliverHere: here.deliver, publishUserEvents }),
    report: (level, text, details) => log[level](details, text),
    free: createFreeShards(nats, (err, what) => log.warn({ err }, what)),
  });
  await writers.start();
  onClose(() => writers.close());
  return writers;
}

/**
 * Creates the use cases of rooms, members, read cursors and changed messages, and the relay from the outbox to the log.
 */
function wireRooms(
  { config, onClose }: Context,
  { lanes, nats, auth }: Connections,
  writers: Writers,
  publishUserEvents: PublishUserEvents,
  onFault: OnFault,
) {
  const { LOG_SHARDS: shards, LOG_REPLICAS: replicas, CHANNEL_AUTO_CREATE: isAutoCreated } = config;
  const isLimited = config.RATE_LIMITS === "on";
  const cursors = createReadCursors(lanes.receipts);
  const markRead = createMarkRead(cursors.move, createPublishRead(nats), publishUserEvents);
  onClose(answerReads(nats, markRead, onFault));
  const source = { identity: () => readIdentity(lanes.receipts), readAll: () => readRights(lanes.receipts) };
  const access = createAccessBucket(nats, replicas, source, `CHANNEL_AUTO_CREATE=${isAutoCreated}`);
  onClose(maintainAccessBucket(() => writers.cursors().has(0), access.prepare, onFault));
  const relay = relayOutbox({
    outbox: createOutbox(lanes.receipts),
    access,
    append: createAppendEntry(nats, shards),
    shards: () => [...writers.cursors().keys()],
    listen: (onFilled) => listenToOutbox(nats, onFilled, onFault),
    onFault,
  });
  onClose(relay.stop);
  const quotas = isLimited ? config : NO_QUOTAS;
  const invitations = createInvitationStore(lanes.commands, quotas);
  const blocks = createBlockStore(lanes.commands, shards, quotas);
  const commandTurns = new TokenBuckets(MESSAGES_PER_SECOND, MESSAGES_BURST);
  const changeDependencies = {
    store: createRoomStore(lanes.commands, shards, quotas),
    takeTurn: (userId: string) => (isLimited ? commandTurns.take(userId, performance.now()) : 0),
    receipts: createReceipts(nats, onFault),
    notices: createChangeNotices(nats),
    findUsers: createFindUsers(auth),
    turns: new RoomTurns(),
    now: () => new Date(),
    freshId: () => randomUUID(),
    freshGroupId,
    isAutoCreated,
  };
  return {
    outboxSeconds: relay.oldestSeconds,
    markRead,
    views: createRoomViews(lanes.lists),
    checkReadable: createAccess(createFindStanding(lanes.points), isAutoCreated),
    whoMayRead: createWhoMayRead(lanes.points),
    readCursors: (room: string) => cursors.ofRoom(room),
    messages: createChangeMessages(changeDependencies),
    invitations: createInvitations({ ...changeDependencies, invitations, freshCode: freshInviteCode }),
    blocks: createBlocks({ ...changeDependencies, blocks, setMember: access.setMember }),
    changes: createChangeRooms({ ...changeDependencies, invitations, blocks }),
  };
}

/** Creates search, and runs the indexer. */
async function wireSearch({ config, onClose }: Context, writers: Writers, onFault: OnFault) {
  const database = openSearchDatabase(databaseUrl(config));
  onClose(() => database.close());
  await checkLanguage(database, config.SEARCH_LANGUAGE);
  const queue = createSearchQueue(database, config.SEARCH_LANGUAGE);
  const index = createIndexBatch(queue, () => [...writers.cursors().keys()]);
  const indexer = runIndexer(index, onFault);
  onClose(indexer.stop);
  const search = createSearch(createSearchIndex(database, config.SEARCH_LANGUAGE));
  return { search, searchLagSeconds: indexer.lagSeconds };
}

/**
 * Connects the sockets of this instance to stored frames and to announcements on NATS. Returns a function that stops it.
 */
function deliverToSockets(
  { subscriptions, users }: ConsumerApp,
  { nats, live }: Connections,
  hub: Hub,
  { here, ownHere }: Readonly<{ here: LocalDelivery; ownHere: LocalDelivery }>,
  onFault: OnFault,
): () => void {
  here.add(hub.deliver);
  here.add(users.deliver);
  subscribeLive(live, here.deliver, onFault);
  // Apart from those of rooms, so that messages do not pay for them.
  ownHere.add(hub.deliver);
  ownHere.add(users.deliverOwn);
  const stopUserEvents = listenToUserEvents(live, ownHere.deliver, onFault);
  const stopAccess = listenToAccess(nats, (room) => subscriptions.recheck(room), onFault);
  const stopReads = listenToReads(nats, showReads(hub, users), onFault);
  const stopRechecks = maintainRights(() => subscriptions.recheckAll());
  return () => {
    for (const stop of [stopRechecks, stopAccess, stopUserEvents, stopReads]) stop();
  };
}
