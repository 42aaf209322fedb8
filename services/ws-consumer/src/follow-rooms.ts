import type { NatsConnection } from "@nats-io/transport-node";
import { kindOf } from "@parley/protocol/rooms";
import type { Hub } from "./delivery/hub.ts";
import type { LocalFeed } from "./delivery/local-feed.ts";
import { subscribeLive } from "./delivery/nats/live-subscriber.ts";
import type { OwnEvents } from "./delivery/websocket/own-events.ts";
import type { RoomCommands } from "./delivery/websocket/subscriptions.ts";
import { listenToAccess } from "./rooms/nats/change-notices.ts";
import { listenToReads } from "./rooms/nats/read-exchange.ts";

/** How often listeners' rights are looked up though nobody said that they had changed, ms. */
const RECHECK_MS = 10_000;

type Parts = Readonly<{
  nats: NatsConnection;
  /** The connection without echo. */
  live: NatsConnection;
  hub: Hub;
  here: LocalFeed;
  rooms: RoomCommands;
  own: OwnEvents;
  onFault: (error: unknown, what: string) => void;
}>;

/** Brings what is stored, and what is heard on NATS, to this instance's sockets. Gives what ends it. */
export function followRooms({ nats, live, hub, here, rooms, own, onFault }: Parts): () => void {
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
