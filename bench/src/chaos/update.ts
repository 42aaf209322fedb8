import { cp } from "node:fs/promises";
import { join } from "node:path";
import { ownEnvironment, REPOSITORY } from "@parley/devstack/environment";
import { migrate } from "@parley/devstack/migrate";
import { type Stack, startStack } from "@parley/devstack/stack";
import { makeTempDir, removeDataDir } from "@parley/devstack/temp-dir";
import { untilInterrupted } from "@parley/devstack/terminal";
import { sleep } from "@parley/runtime/deadline";
import { check } from "./checker.ts";
import { Clients } from "./clients.ts";
import { Commands } from "./commands.ts";
import { cross, socketsOf } from "./crossing.ts";
import { drain, gather } from "./drain.ts";
import { type Ledger, openLedger } from "./ledger.ts";
import { CONSUMERS, PRODUCERS } from "./stage.ts";
import { timingOf } from "./timing.ts";

const SENDERS = 16;
const SENDS_PER_SECOND = 400;
const COMMANDERS = 4;
const ROOMS = Array.from({ length: 8 }, (_, i) => `room-${i}`);
/** Not in git. */
const LOGS = join(REPOSITORY, "bench/results/chaos-update-logs");
/** Load after each step, ms. */
const REST_MS = 2_000;

type Version = "old" | "new";
/** In the order of docs/operations.md; then one of two goes back, beside new ones, and forward again. */
const STEPS: readonly (readonly [process: string, version: Version])[] = [
  ...["auth", ...CONSUMERS, ...PRODUCERS].map((name) => [name, "new"] as const),
  ["ws-producer-2", "old"],
  ["ws-consumer-2", "old"],
  ["ws-consumer-2", "new"],
  ["ws-producer-2", "new"],
];

type UpdateOptions = Readonly<{
  /** Sources of the earlier version. */
  folder: string;
  seed: number;
  say: (line: string) => void;
}>;
type Scene = Readonly<{ stack: Stack; ledger: Ledger; clients: Clients; entries: Record<string, string> }>;

const sourceOf = (folder: string, name: string) =>
  join(folder, "services", name.replace(/-2$/, ""), "src/main.ts");

/** Replaces each process of an earlier version by this tree's, under load. Resolves with whether nothing was wrong. */
export async function update(options: UpdateOptions): Promise<boolean> {
  await using closers = new AsyncDisposableStack();
  const dataDir = await makeTempDir("update");
  closers.defer(() => removeDataDir(dataDir));
  closers.defer(() => cp(join(dataDir, "logs"), LOGS, { recursive: true }));
  const entries = Object.fromEntries(STEPS.map(([name]) => [name, sourceOf(options.folder, name)]));
  const stack = await startStack({
    dataDir,
    producers: PRODUCERS.length,
    consumers: CONSUMERS.length,
    entries,
    migrationsFolder: join(options.folder, "migrations"),
    env: { ...ownEnvironment(), NODE_ENV: "test", RATE_LIMITS: "off" },
  });
  closers.defer(() => stack.stop());
  const ledger = await openLedger(stack.natsUrl, stack.databaseUrl, [], stack.natsLogin);
  closers.defer(() => ledger.close());
  const clients = await Clients.open({
    seed: options.seed,
    authUrl: stack.urls.auth as string,
    senders: SENDERS,
    rooms: ROOMS,
    producerSockets: socketsOf(stack, PRODUCERS),
    consumerSockets: socketsOf(stack, CONSUMERS),
    sendsPerSecond: SENDS_PER_SECOND,
    isBalanced: true,
  });
  closers.defer(() => clients.close());
  return await untilInterrupted(perform(options, { stack, ledger, clients, entries }));
}

async function perform({ folder, say }: UpdateOptions, scene: Scene): Promise<boolean> {
  const { stack, ledger, clients, entries } = scene;
  clients.startSending();
  const tokens = clients.senders.slice(0, COMMANDERS).map(({ account }) => account.token);
  const commands = new Commands(
    CONSUMERS.map((name) => stack.urls[name] as string),
    tokens,
  );
  const { senders, listeners } = clients;
  const all = {
    senders: [...senders],
    listeners: [...listeners],
    rooms: [...ROOMS],
    troubles: [] as string[],
  };
  const step = async (what: string, work: () => Promise<unknown>) => {
    const from = performance.now();
    await work();
    const at = performance.now();
    await cross(stack, all);
    await sleep(REST_MS);
    say(`${what}: ${Math.round(at - from)} ms; ${waitsOf(clients, { from, at, until: performance.now() })}`);
  };
  await step("all are old", () => sleep(REST_MS));
  await step("migrations", () => migrate({ databaseUrl: stack.databaseUrl, onProgress: say }));
  for (const [name, version] of STEPS)
    await step(`${version} ${name}`, () => {
      entries[name] = sourceOf(version === "new" ? REPOSITORY : folder, name);
      return stack.service(name).restart();
    });
  clients.stopSending();
  await commands.stop();
  await drain({ ledger, clients, rooms: ROOMS }, say);
  const evidence = await gather(
    { ledger, clients: all, rooms: all.rooms },
    stack.urls["ws-consumer"] as string,
  );
  const { counts, samples, acked, unknown, received } = check(evidence);
  const lost = await ledger.countMissing(commands.made);
  const { troubles } = all;
  for (const [column, found] of Object.entries(samples)) troubles.push(`${column}: ${found.join("; ")}`);
  for (const [name] of STEPS) if (stack.service(name).restarts > 0) troubles.push(`${name} ended by itself`);
  if (lost + unknown > 0) troubles.push(`${lost} groups are lost, ${unknown} sends were not answered`);
  say(`${acked} acknowledged, ${received} received, ${commands.made.length} groups made`);
  say(JSON.stringify(counts));
  for (const trouble of troubles) say(`WRONG: ${trouble}`);
  return troubles.length === 0;
}

/** The longest wait of any sender for its next acknowledgement. */
function waitsOf({ senders }: Clients, span: Parameters<typeof timingOf>[1][number]): string {
  const longest = (moves: boolean) =>
    timingOf(
      senders.filter((one) => one.moves === moves).map(({ sent }) => sent),
      [span],
    ).gapsMs[0];
  return `longest wait for an ack ${longest(true)} ms, or ${longest(false)} ms of those that wait for their instance`;
}
