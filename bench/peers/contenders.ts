import { startParley } from "@parley/bench/targets/parley";
import { anycable } from "./anycable/target.ts";
import { centrifugo } from "./centrifugo/target.ts";
import type { Contender } from "./contender.ts";
import { ejabberd } from "./ejabberd/target.ts";
import { nats } from "./nats/target.ts";
import { missingPackages, startNodePeer } from "./node-peer.ts";
import { tinode } from "./tinode/target.ts";

const nodePeer = (
  name: string,
  title: string,
  folder: string,
  packages: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Contender => ({
  name,
  title,
  start: () => startNodePeer(folder, packages, env),
  holder: folder,
  missing: missingPackages,
});

/** Parley itself, then every peer. A new one is a folder here with a dialect and a target, and a line in this list. */
export const CONTENDERS: readonly Contender[] = [
  {
    name: "parley",
    title: "Parley",
    start: () => startParley(),
    holder: "ws-consumer",
    missing: () => undefined,
  },
  nodePeer("socketio", "Socket.IO + Postgres", "socketio", ["socket.io", "pg"]),
  nodePeer("plain", "ws + pg", "plain", ["ws", "pg"]),
  nodePeer("grouped", "ws + pg, grouped", "plain", ["ws", "pg"], { GROUPED: "1" }),
  nats,
  ejabberd,
  tinode,
  anycable,
  centrifugo,
];
