import { postJson } from "@parley/devstack/accounts";
import { expect, it } from "vitest";
import { services } from "./running-fixture.ts";
import { textsOf, until, untilOnline } from "./stack-fixture.ts";

type Made = Readonly<{ id: string; token: string }>;

/** Makes a service account. */
async function make(name: string, ...scopes: string[]): Promise<Made> {
  const { token } = await services.admin();
  return (await postJson(`${services.url.auth}/api/v1/service-accounts`, { name, scopes }, token)) as Made;
}

/** Shows tokens to a socket, one after the other: what it answers, until it has answered all or ends. */
async function show(origin: string, ...tokens: string[]): Promise<string[]> {
  const socket = new WebSocket(`${origin.replace("http", "ws")}/ws`);
  const answers: string[] = [];
  await new Promise((resolve) => {
    socket.onopen = () => {
      for (const token of tokens) socket.send(JSON.stringify({ type: "auth", token }));
    };
    socket.onmessage = ({ data }) => {
      const { type, code } = JSON.parse(String(data)) as { type: string; code?: string };
      answers.push(code ?? type);
      if (answers.length === tokens.length) resolve(undefined);
    };
    socket.onclose = resolve;
  });
  socket.close();
  return answers;
}

it("service accounts: a bot hears, answers and is out within a second of its removal", async () => {
  const made = await make("echo-bot", "messages:read", "messages:write");
  const person = services.client(await services.person());
  const room = person.rooms.get("automation");
  room.open();
  await untilOnline(person);
  const client = services.client(made);
  const echo = client.rooms.get("automation");
  void (async () => {
    for await (const event of echo.events())
      if (event.type === "message" && event.body === "ping") await echo.send("pong", { replyTo: event.seq });
  })().catch(() => undefined);
  await untilOnline(client);
  await room.send("ping");
  await until("the bot answers", () => textsOf(room).includes("pong"));
  const before = performance.now();
  await fetch(`${services.url.auth}/api/v1/service-accounts/${made.id}`, {
    method: "DELETE",
    headers: { authorization: `Bearer ${(await services.admin()).token}` },
  });
  await until("the bot is out", () => client.status.value.state === "signed_out");
  expect(performance.now() - before).toBeLessThan(3_000);
});

it("service accounts: a scope opens what it names, on sockets and by HTTP, and nothing else", async () => {
  const reader = await make("reader-bot", "messages:read");
  const writer = await make("writer-bot", "messages:write");
  const ask = async (method: string, url: string, { token }: Made) => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const body = method === "GET" ? null : '{"body":"Hello"}';
    const path = method === "DELETE" ? "messages/1" : "messages";
    return (await fetch(`${url}/api/v1/rooms/bot-scopes/${path}`, { method, headers, body })).status;
  };
  const { send, listen } = services.url;
  const answers = async (one: Made) => [
    await ask("POST", send, one),
    await ask("GET", listen, one),
    await ask("DELETE", listen, one),
  ];
  const refused = (statuses: number[]) => statuses.map((status) => status === 403);
  expect(refused(await answers(writer))).toEqual([false, true, false]);
  expect(refused(await answers(reader))).toEqual([true, false, true]);
  expect([await show(listen, reader.token), await show(send, reader.token)]).toEqual([
    ["hello"],
    ["forbidden"],
  ]);
  expect([await show(listen, writer.token), await show(send, writer.token)]).toEqual([
    ["forbidden"],
    ["hello"],
  ]);
  // The same token renews a socket.
  expect(await show(send, writer.token, writer.token)).toEqual(["hello", "authenticated"]);
});

it("service accounts: an application's own user talks; the next token is taken on the open sockets", async () => {
  const { token: issuer } = await make("our-shop", "tokens:issue");
  const issue = async (displayName: string) =>
    (await postJson(
      `${services.url.auth}/api/v1/service/tokens`,
      { externalId: "customer-42", displayName },
      issuer,
    )) as Readonly<{ token: string; user: { id: string } }>;
  const first = await issue("Ann");
  const client = services.client(first);
  const room = client.rooms.get("automation");
  room.open();
  await untilOnline(client);
  await room.send("Hello from a customer").stored();
  await until("it is heard", () => textsOf(room).includes("Hello from a customer"));
  const next = await issue("Ann B.");
  expect(next.user.id).toBe(first.user.id);
  expect(await show(services.url.send, first.token, next.token)).toEqual(["hello", "authenticated"]);
});
