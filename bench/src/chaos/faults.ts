/** Processes that a fault can hit. There are two ws-consumers, so that shards change hands. */
const PROCESSES = ["auth", "ws-producer", "ws-consumer", "nats", "postgres"] as const;

/** Pairs of processes that talk over TCP, the one that connects first. Each pair has a fault proxy in between. */
export const LINKS = [
  "client-producer",
  "client-consumer",
  "producer-nats",
  "consumer-nats",
  "consumer-postgres",
  "producer-auth",
  "consumer-auth",
  "auth-postgres",
] as const;
export type LinkName = (typeof LINKS)[number];

/** What a fault does, and the bounds of its duration, ms. */
export type FaultKind = Readonly<{
  name: string;
  action:
    | "kill"
    | "stop"
    | "restart"
    | "fence"
    | "isolate"
    | "roll"
    | "promote"
    | "cut"
    | "slow"
    | "vanish"
    | "repeat"
    | "mute";
  target: string;
  leastMs: number;
  mostMs: number;
}>;

const kind = (action: FaultKind["action"], target: string, leastMs: number, mostMs: number): FaultKind => ({
  name: `${action} ${target}`,
  action,
  target,
  leastMs,
  mostMs,
});

/** A lease ends after 5 s without its holder. */
const LONGER_THAN_A_LEASE_MS = 6_000;

/**
 * Every kind of fault: `kill` is kill -9; `stop` is SIGSTOP, later SIGCONT; `restart` is SIGTERM and a new start;
 * `fence` stops a writer for longer than its lease, so that it comes back as the second one; `cut` breaks all
 * connections of a pair and refuses new ones; `slow` delays the bytes, or stalls them; the last three are clients that
 * drop their connection, send the same again on a second socket, and stop reading.
 */
export const FAULT_KINDS: readonly FaultKind[] = [
  ...PROCESSES.map((target) => kind("kill", target, 50, 600)),
  ...PROCESSES.map((target) => kind("stop", target, 300, 1_500)),
  kind("restart", "ws-producer", 100, 300),
  kind("restart", "ws-consumer", 100, 300),
  kind("fence", "ws-consumer", LONGER_THAN_A_LEASE_MS, LONGER_THAN_A_LEASE_MS + 1_000),
  ...LINKS.map((target) => kind("cut", target, 0, 800)),
  ...LINKS.map((target) => kind("slow", target, 400, 1_600)),
  kind("vanish", "clients", 200, 1_000),
  kind("repeat", "clients", 200, 500),
  kind("mute", "clients", 500, 2_500),
];

const LONGER_THAN_AN_ELECTION_MS = 7_000;

/** `make chaos-cluster`, in this order: `isolate` cuts all routes of a node; `roll` restarts one node after the other. */
export const CLUSTER_KINDS: readonly FaultKind[] = [
  kind("kill", "nats-leader", LONGER_THAN_AN_ELECTION_MS, LONGER_THAN_AN_ELECTION_MS),
  kind("kill", "nats-follower", 2_000, 2_000),
  kind("isolate", "nats-leader", 12_000, 12_000),
  kind("roll", "nats", 0, 0),
  kind("kill", "ws-consumer", 500, 500),
];

/** `make chaos-failover`: a standby that commits wait for is away for longer than any deadline; then it is promoted. */
export const FAILOVER_KINDS: readonly FaultKind[] = [
  kind("kill", "postgres-standby", 15_000, 15_000),
  kind("promote", "postgres-standby", 0, 0),
];

/** One fault of a schedule; times count from the start of the run, ms. */
export type Fault = Readonly<{
  kind: FaultKind;
  atMs: number;
  forMs: number;
  /** Chooses among several processes or clients of a kind: 0 up to 1. */
  choice: number;
  /** `slow`: delay of each byte, ms; undefined: nothing passes at all. */
  delayMs: number | undefined;
}>;
