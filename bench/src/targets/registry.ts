import { existsSync } from "node:fs";
import { join } from "node:path";
import { absent } from "./absent.ts";
import { missingAnyCable, startAnyCable } from "./anycable.ts";
import { missingEjabberd, startEjabberd } from "./ejabberd.ts";
import { startNatsAlone } from "./nats.ts";
import { startParley } from "./parley.ts";
import { startNodePeer } from "./peer.ts";
import { PEERS } from "./program.ts";
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

const nodePeer = (name: string): (() => string | undefined) => {
  const modules = join(PEERS, name, "node_modules");
  return () => (existsSync(modules) ? undefined : `run bench/peers/${name}/install.sh`);
};

/** Everything that can be measured, ours first. */
export const TARGETS: Readonly<Record<string, TargetKind>> = {
  parley: { title: "Parley", start: () => startParley(), holder: "ws-consumer", missing: () => undefined },
  socketio: {
    title: "Socket.IO + Postgres",
    start: () => startNodePeer("socketio", "socketio", ["socket.io", "pg"]),
    holder: "socketio",
    missing: nodePeer("socketio"),
  },
  plain: {
    title: "ws + pg",
    start: () => startNodePeer("plain", "plain", ["ws", "pg"]),
    holder: "plain",
    missing: nodePeer("plain"),
  },
  nats: { title: "nats-server alone", start: startNatsAlone, holder: "nats", missing: () => undefined },
  ejabberd: {
    title: "ejabberd + Postgres",
    start: startEjabberd,
    holder: "ejabberd",
    missing: missingEjabberd,
  },
  centrifugo: absent("Centrifugo", "github.com/centrifugal/centrifugo/v6"),
  tinode: { title: "Tinode + Postgres", start: startTinode, holder: "tinode", missing: missingTinode },
  anycable: {
    title: "AnyCable + Postgres",
    start: startAnyCable,
    holder: "anycable-go",
    missing: missingAnyCable,
  },
};
