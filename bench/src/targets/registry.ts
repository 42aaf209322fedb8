import { missingAnyCable, startAnyCable } from "./anycable.ts";
import { missingCentrifugo, startCentrifugo } from "./centrifugo.ts";
import { missingEjabberd, startEjabberd } from "./ejabberd.ts";
import { startNatsAlone } from "./nats.ts";
import { startParley } from "./parley.ts";
import { missingPackages, startNodePeer } from "./peer.ts";
import type { Target } from "./target.ts";
import { missingTinode, startTinode } from "./tinode.ts";

export type TargetKind = Readonly<{
  /** As people know it. */
  title: string;
  start: () => Promise<Target>;
  /** The process that holds the sockets of those who listen. */
  holder: string;
  /** Undefined if it can be started here, else what is missing. */
  missing: () => string | undefined;
}>;

/** Everything that can be measured, ours first. */
export const TARGETS: Readonly<Record<string, TargetKind>> = {
  parley: { title: "Parley", start: () => startParley(), holder: "ws-consumer", missing: () => undefined },
  socketio: {
    title: "Socket.IO + Postgres",
    start: () => startNodePeer("socketio", "socketio", ["socket.io", "pg"]),
    holder: "socketio",
    missing: () => missingPackages("socketio"),
  },
  plain: {
    title: "ws + pg",
    start: () => startNodePeer("plain", "plain", ["ws", "pg"]),
    holder: "plain",
    missing: () => missingPackages("plain"),
  },
  grouped: {
    title: "ws + pg, grouped",
    start: () => startNodePeer("plain", "plain", ["ws", "pg"], { GROUPED: "1" }),
    holder: "plain",
    missing: () => missingPackages("plain"),
  },
  nats: { title: "nats-server alone", start: startNatsAlone, holder: "nats", missing: () => undefined },
  ejabberd: {
    title: "ejabberd + Postgres",
    start: startEjabberd,
    holder: "ejabberd",
    missing: missingEjabberd,
  },
  tinode: { title: "Tinode + Postgres", start: startTinode, holder: "tinode", missing: missingTinode },
  anycable: {
    title: "AnyCable + Postgres",
    start: startAnyCable,
    holder: "anycable-go",
    missing: missingAnyCable,
  },
  centrifugo: {
    title: "Centrifugo + Postgres",
    start: startCentrifugo,
    holder: "centrifugo",
    missing: missingCentrifugo,
  },
};
