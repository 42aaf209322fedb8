import { connect } from "@nats-io/transport-node";
import { Sender } from "@parley/bench/chaos/sender";
import { REPOSITORY } from "@parley/devstack/environment";
import { runCommand } from "@parley/devstack/run-command";
import { findInstallation } from "@parley/operate/installation";
import { afterAll, expect, it } from "vitest";
import { FrameSocket } from "./frame-socket.ts";
import { Parley, until } from "./parley.ts";

const BACKLOG_MAX = 50;

const env = { ...process.env, LOG_BACKLOG_MAX: String(BACKLOG_MAX), LOG_SHARDS: "1" };
const parley = await Parley.start({ env });
afterAll(() => parley.stop());
const alice = await parley.person("alice");

/** Runs a tool of a service with the logins of the operator. */
const asOperator = (tool: string, ...args: readonly string[]) =>
  parley.run("packages/operate/src/as-operator.ts", `services/${tool}-main.ts`, ...args);

type Detail = { status: string; checks: Record<string, string> };
const detailUrl = `http://127.0.0.1:${parley.stack.ports.CONSUMER_METRICS_PORT}/health/detail`;
const readiness = async () => (await (await fetch(detailUrl)).json()) as Detail;

it("refuses sends as overloaded while the backlog is full, names Postgres in readiness, and recovers", async () => {
  using sender = new Sender(parley.producerSocket, alice);
  await sender.send("general", "first", "while all is well");
  await until("it is stored", async () => (await parley.history("general", alice.token)).length === 1);
  await parley.stack.service("postgres").stop();
  const sends = Array.from({ length: BACKLOG_MAX * 3 }, (_, i) =>
    sender.send("general", `m${i}`, "too much"),
  );
  // The producer learns the backlog from the writer's progress, so the first sends may pass the limit.
  await until("a send is refused", () => {
    sends.push(sender.send("general", `late${sends.length}`, "too much"));
    return (sender.refusals.overloaded ?? 0) > 0;
  });
  // Readiness is asked for at most once in 500 ms.
  await until("it is not ready", async () => (await readiness()).status === "not_ready", 2_000);
  expect((await readiness()).checks.postgres).not.toBe("ok");
  await parley.stack.service("postgres").start();
  await Promise.all(sends);
  await until(
    "all are stored",
    async () => (await parley.history("general", alice.token)).length === sends.length + 1,
  );
  await until("it is ready", async () => (await readiness()).status === "ready");
});

it("moves an entry that can never be stored to the dead letters, lists it and replays it", async () => {
  const { natsUrl, natsLogin } = parley.stack;
  const nats = await connect({ servers: natsUrl, ...natsLogin });
  nats.publish("chat.0.general", '{"type":"message","room":"general","body":7}');
  await nats.flush();
  using sender = new Sender(parley.producerSocket, alice);
  await sender.send("general", "behind", "goes on behind it");
  await until("what is behind it is stored", async () =>
    (await parley.history("general", alice.token)).some(({ id }) => id === "behind"),
  );
  const deadLetters = async (...args: string[]) =>
    (await asOperator("ws-consumer/src/dead-letters", ...args)).stdout;
  const listed = await deadLetters("list");
  expect(listed).toContain("chat.0.general");
  expect(listed).toContain("1 dead letters");
  const id = listed.trim().split(/\s+/)[0] ?? "";
  expect(await deadLetters("replay", id)).toContain("is in the log again");
  // It still cannot be stored, so it becomes a dead letter again.
  await until("it is put aside again", async () =>
    /^\s*[2-9]\d* .*chat\.0\.general/m.test(await deadLetters("list")),
  );
  await nats.close();
  const doctor = await parley.run("packages/operate/src/doctor.ts");
  expect(doctor.code).toBe(1);
  expect(doctor.stdout).toMatch(/^ {2}MEND {2}\d entries could not be stored: make dead-letters/m);
  // This stack has no page; all else is right.
  const mends = doctor.stdout.match(/^ {2}MEND .*/gm) ?? [];
  expect(mends.filter((line) => !/could not be stored|web does not answer/.test(line))).toEqual([]);
});

it("shows what goes through the log, and how far each shard is stored", async () => {
  const { variables } = await findInstallation({ ...process.env, DATA_DIR: parley.stack.dataDir });
  const ending = new AbortController();
  const lines: string[] = [];
  const tail = runCommand(process.execPath, ["services/ws-consumer/src/log-tail-main.ts"], {
    cwd: REPOSITORY,
    env: variables,
    signal: ending.signal,
    onLine: (line) => lines.push(line),
  });
  using sender = new Sender(parley.producerSocket, alice);
  const told = /shard 0 {2}general {2}alice {2}message {2}told\S+ {2}"for the operator"/;
  await until("the tail shows a message", async () => {
    await sender.send("general", `told${performance.now()}`, "for the operator");
    return lines.some((line) => told.test(line));
  });
  ending.abort();
  await tail;
  const { stdout } = await asOperator("ws-consumer/src/nats-info");
  expect(stdout).toMatch(/^0 +1 +\d+ +\d+ +0 +\d+\.\d MB of 1024\.0 MB +1\/1 /m);
  expect(stdout).toContain("KV_ROOMS");
});

it("makes an admin, and rotates the keys", async () => {
  for (const [[tool, ...args], text] of [
    [["auth/src/admin", "alice"], /^admin: alice is an admin (now|already)/],
    [["auth/src/rotate-keys"], /^rotate-keys: key \S+ \(RS256\) is published/],
  ] as const)
    expect((await asOperator(tool, ...args)).stdout).toMatch(text);
});

it("sends `draining` and closes with 1012 on SIGTERM; clients resume afterwards", async () => {
  const socket = await FrameSocket.listen(parley.consumerSocket, alice.token, "general");
  const seq = socket.frames.find(({ type }) => type === "caught_up")?.seq;
  const stopped = parley.stack.service("ws-consumer").stop();
  const draining = await socket.next("draining");
  expect(draining.retryAfterMs).toBeGreaterThan(0);
  const { code, reason } = await socket.closed;
  expect(code).toBe(1012);
  expect(JSON.parse(reason).retryAfterMs).toBeGreaterThan(0);
  await stopped;
  await parley.stack.service("ws-consumer").startReady();
  using back = await FrameSocket.open(parley.consumerSocket, alice.token);
  back.send({ type: "resume", rooms: { general: Number(seq) - 1 } });
  expect(await back.next("message")).toMatchObject({ seq });
});
