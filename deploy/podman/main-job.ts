import { deepStrictEqual, equal, ok } from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * `node main-job.ts talk FILE`: alice posts until SIGTERM while bob listens, both reconnect whenever they must; then
 * everything acknowledged must have reached bob once and in order and be in history. FILE keeps what was acknowledged.
 * `node main-job.ts check FILE`: history still has all of it.
 */
type Frame = Readonly<Record<string, unknown> & { type: string }>;
type Said = { acked: string[]; heard: { seq: number; id: string }[] };

const PAUSE_MS = 100;
const RETRY_MS = 200;
const ANSWER_DEADLINE_MS = 5_000;
const END_DEADLINE_MS = 60_000;
const ROOM = "compose";

const [command, file = ""] = process.argv.slice(2);
const address = (variable: string) => `127.0.0.1:${process.env[variable]}`;
const say = (line: string) => process.stdout.write(`          ${line}\n`);

async function logIn(username: string): Promise<string> {
  const answer = await fetch(`http://${address("AUTH_HTTP_PORT")}/api/v1/login`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ username, password: `correct horse ${username}` }),
  });
  const text = await answer.text();
  equal(answer.status, 200, `logging in as ${username}: ${answer.status} ${text}`);
  return (JSON.parse(text) as { data: { token: string } }).data.token;
}

/** A socket that is opened again whenever it closes; `onHello` runs at each opening. */
function keepSocket(
  url: string,
  onHello: (send: (frame: object) => void) => void,
  onFrame: (frame: Frame) => void,
) {
  let socket: WebSocket;
  let closed = false;
  const seen = { opened: 0 };
  const send = (frame: object) => {
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(frame));
  };
  const open = () => {
    socket = new WebSocket(url);
    socket.addEventListener("message", ({ data }) => {
      const frame = JSON.parse(String(data)) as Frame;
      if (frame.type === "hello") {
        seen.opened += 1;
        onHello(send);
      } else onFrame(frame);
    });
    socket.addEventListener("error", () => undefined);
    socket.addEventListener("close", () => {
      if (!closed) setTimeout(open, RETRY_MS);
    });
  };
  open();
  return {
    seen,
    send,
    close: () => {
      closed = true;
      socket.close();
    },
  };
}

async function talk(): Promise<void> {
  const [alice, bob] = [await logIn("alice"), await logIn("bob")];
  const said: Said = { acked: [], heard: [] };
  const listener = keepSocket(
    `ws://${address("CONSUMER_HTTP_PORT")}/ws?token=${bob}`,
    (send) => send({ type: "subscribe", room: ROOM, after: said.heard.at(-1)?.seq ?? 0 }),
    (frame) => {
      if (frame.type === "message") said.heard.push({ seq: Number(frame.seq), id: String(frame.id) });
    },
  );
  const waiting = new Map<string, number>();
  const ackMs: number[] = [];
  const refusals = new Map<string, number>();
  const writer = keepSocket(
    `ws://${address("PRODUCER_HTTP_PORT")}/ws?token=${alice}`,
    () => undefined,
    (frame) => {
      if (frame.type === "error")
        refusals.set(String(frame.code), (refusals.get(String(frame.code)) ?? 0) + 1);
      const sentAt = waiting.get(String(frame.id));
      if (frame.type !== "ack" || sentAt === undefined) return;
      waiting.delete(String(frame.id));
      said.acked.push(String(frame.id));
      ackMs.push(performance.now() - sentAt);
    },
  );
  let ending = false;
  process.once("SIGTERM", () => {
    ending = true;
  });
  const post = (id: string) => writer.send({ type: "message", id, room: ROOM, body: `this is ${id}` });
  // A message without an answer is sent again with the same id, as any client would.
  const retry = setInterval(() => {
    const late = performance.now() - ANSWER_DEADLINE_MS;
    for (const [id, sentAt] of [...waiting].slice(0, 8)) if (sentAt < late) post(id);
  }, 1_000);
  let sent = 0;
  for (; !ending; sent += 1) {
    const id = `m${sent}`;
    waiting.set(id, performance.now());
    post(id);
    await sleep(PAUSE_MS);
  }
  const deadline = performance.now() + END_DEADLINE_MS;
  while ((waiting.size > 0 || said.heard.length < said.acked.length) && performance.now() < deadline)
    await sleep(50);
  clearInterval(retry);
  writer.close();
  listener.close();
  await writeFile(file, JSON.stringify(said));
  ackMs.sort((a, b) => a - b);
  const share = (part: number) => `${(ackMs[Math.floor(ackMs.length * part)] ?? 0).toFixed(1)} ms`;
  say(
    `${sent} sent, ${said.acked.length} acked, ${said.heard.length} heard; acks: median ${share(0.5)}, 90 % ${share(0.9)}`,
  );
  say(
    `writer's sockets: ${writer.seen.opened}, listener's: ${listener.seen.opened}; refused and sent again: ${JSON.stringify(Object.fromEntries(refusals))}`,
  );
  equal(said.acked.length, sent, "every message is acknowledged in the end");
  await check(said);
}

async function check(said: Said): Promise<void> {
  ok(said.acked.length > 0, "something was acknowledged");
  const numbers = said.heard.map((message) => message.seq);
  deepStrictEqual(
    numbers,
    numbers.map((_, index) => index + 1),
    "bob heard 1, 2, 3 … each once",
  );
  deepStrictEqual(
    said.heard.map(({ id }) => id).sort(),
    [...said.acked].sort(),
    "bob heard what was acknowledged, once",
  );
  const history = await readHistory(await logIn("alice"));
  deepStrictEqual(history, said.heard, "history is what bob heard");
  say(`history: ${history.length} messages, seq 1 to ${history.at(-1)?.seq}, each acknowledged one once`);
}

async function readHistory(token: string): Promise<Said["heard"]> {
  const all: Said["heard"] = [];
  for (;;) {
    const url = `http://${address("CONSUMER_HTTP_PORT")}/api/v1/rooms/${ROOM}/messages?after=${all.at(-1)?.seq ?? 0}`;
    const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
    const text = await answer.text();
    equal(answer.status, 200, `history: ${answer.status} ${text}`);
    const { data } = JSON.parse(text) as { data: { seq: number; id: string }[] };
    if (data.length === 0) return all;
    all.push(...data.map(({ seq, id }) => ({ seq, id })));
  }
}

if (command === "talk") await talk();
else if (command === "check") await check(JSON.parse(await readFile(file, "utf8")) as Said);
else throw new Error("usage: main-job.ts talk|check FILE");
process.exit(0);
