import { randomUUID } from "node:crypto";
import type { NatsConnection } from "@nats-io/transport-node";
import type { AuthServiceClient } from "@parley/proto/auth/v1/auth";
import { freshGroupId } from "@parley/protocol/room-ids";
import { pause } from "@parley/runtime/deadline";
import type { Log } from "@parley/runtime/log";
import type { Database } from "@parley/runtime/postgres";
import { databaseUrl } from "@parley/runtime/variables";
import type { Static } from "typebox";
import type { ConsumerConfig } from "./config.ts";
import { createAccess } from "./rooms/access.ts";
import { createFindUsers } from "./rooms/auth/find-users.ts";
import { createChangeMessages } from "./rooms/change-messages.ts";
import { createChangeRooms } from "./rooms/change-rooms.ts";
import { createMarkRead } from "./rooms/mark-read.ts";
import { createAccessBoard } from "./rooms/nats/access-board.ts";
import { createChangeNotices, createReceipts } from "./rooms/nats/change-notices.ts";
import { answerReads, createTellRead } from "./rooms/nats/read-exchange.ts";
import { createRoomStore } from "./rooms/postgres/postgres-room-store.ts";
import { createReadCursors } from "./rooms/postgres/read-cursors.ts";
import { createFindStanding, createRoomViews, createWhoMayRead } from "./rooms/postgres/room-views.ts";
import { checkLanguage, createSearch, openSearchDatabase } from "./search/postgres/search-index.ts";
import { keepWords } from "./search/search.ts";
import { createAppendEntry, listenToOutbox } from "./writing/nats/outbox-log.ts";
import { createOutbox, readRights } from "./writing/postgres/outbox.ts";
import { relayOutbox } from "./writing/relay-outbox.ts";
import type { Writers } from "./writing/run-writers.ts";

/** Members whose cursors a subscriber to a room is told. */
const CURSORS_MAX = 100;
const PREPARE_RETRY_MS = 1_000;
/** How often it is looked whether what the producers need is still there, ms. */
const CHECK_MS = 10_000;

type RoomsDoor = Readonly<{
  config: Static<typeof ConsumerConfig>;
  database: Database;
  nats: NatsConnection;
  auth: AuthServiceClient;
  writers: Writers;
  log: Log;
  onClose: (close: () => Promise<void> | void) => void;
}>;

/** Everything about rooms that a consumer has: what is read of them, what is done to them, and the relay. */
export async function openRooms({ config, database, nats, auth, writers, log, onClose }: RoomsDoor) {
  const { LOG_SHARDS: shards, LOG_REPLICAS: replicas, CHANNEL_AUTO_CREATE: isAutoCreated } = config;
  const store = createRoomStore(database, shards);
  const cursors = createReadCursors(database);
  const markRead = createMarkRead(cursors.move, createTellRead(nats));
  const settling = {
    receipts: createReceipts(nats),
    notices: createChangeNotices(nats),
    now: () => new Date(),
    freshId: () => randomUUID(),
  };
  const board = createAccessBoard(
    nats,
    replicas,
    () => readRights(database),
    `CHANNEL_AUTO_CREATE=${isAutoCreated}`,
  );
  const relay = relayOutbox({
    outbox: createOutbox(database),
    board,
    append: createAppendEntry(nats, shards),
    shards: () => [...writers.cursors().keys()],
    listen: (onFilled) => listenToOutbox(nats, onFilled),
    report: (level, text, details) => log[level](details, text),
  });
  onClose(relay);
  onClose(keep(() => board.prepare(), "the bucket of rooms could not be prepared", log));
  onClose(answerReads(nats, markRead));
  const words = openSearchDatabase(databaseUrl(config));
  onClose(() => words.close());
  await checkLanguage(words, config.SEARCH_LANGUAGE);
  const { search, index } = createSearch(words, config.SEARCH_LANGUAGE);
  onClose(keepWords(index, (err, what) => log.warn({ err }, what)));
  return {
    search,
    index,
    markRead,
    views: createRoomViews(database),
    checkReadable: createAccess(createFindStanding(database), isAutoCreated),
    whoMayRead: createWhoMayRead(database),
    readCursors: (room: string) => cursors.ofRoom(room, CURSORS_MAX),
    messages: createChangeMessages({ ...settling, store }),
    changes: createChangeRooms({
      ...settling,
      store,
      findUsers: createFindUsers(auth),
      freshGroupId,
      isAutoCreated,
    }),
  };
}

/** Keeps something there that the producers need, also when it was lost. Gives what ends that. */
function keep(prepare: () => Promise<void>, fault: string, log: Log): () => void {
  const stop = new AbortController();
  const run = async () => {
    while (!stop.signal.aborted) {
      let wait = CHECK_MS;
      try {
        await prepare();
      } catch (err) {
        log.warn({ err }, fault);
        wait = PREPARE_RETRY_MS;
      }
      await pause(wait, stop.signal);
    }
  };
  void run();
  return () => stop.abort();
}
