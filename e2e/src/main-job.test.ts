import { createHmac } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Frame, FrameSocket } from "./frame-socket.ts";
import { Member } from "./member.ts";
import { Parley, type Person, until } from "./parley.ts";
import { Sender } from "./sender.ts";

describe("the main job", () => {
  let parley: Parley;
  let alice: Person;
  let bob: Person;

  beforeAll(async () => {
    parley = await Parley.start();
    [alice, bob] = [await parley.person("alice"), await parley.person("bob")];
  });
  afterAll(() => parley?.stop());

  it("acknowledges a message, delivers it to a member and shows it in history, all the same", async () => {
    const listener = await FrameSocket.open(parley.consumerSocket, bob.token);
    listener.send({ type: "subscribe", id: "s1", room: "general", after: 0 });
    expect(await listener.next((frame) => frame.type === "subscribed")).toMatchObject({
      id: "s1",
      head: 0,
      outcome: "resumed",
    });
    expect(await listener.next((frame) => frame.type === "caught_up")).toEqual({
      type: "caught_up",
      room: "general",
      seq: 0,
    });
    const writer = await FrameSocket.open(parley.producerSocket, alice.token);
    writer.send({ room: "general", body: "Hello, World!" });
    const ack = await writer.next((frame) => frame.type === "ack");
    expect(ack).toMatchObject({ room: "general", stored: "log", duplicate: false });
    const live = await listener.next((frame) => frame.type === "message");
    expect(live).toEqual({
      type: "message",
      room: "general",
      seq: 1,
      id: ack.id,
      author: { id: alice.id, username: "alice" },
      body: "Hello, World!",
      at: ack.at,
    });
    expect(await parley.history("general", bob.token)).toEqual([live]);
    const resumed = await FrameSocket.open(parley.consumerSocket, bob.token);
    resumed.send({ type: "resume", rooms: { general: 0 } });
    expect(await resumed.next((frame) => frame.type === "message")).toEqual(live);
    for (const socket of [listener, writer, resumed]) socket.close();
  });

  it("tells a sender that asks for it when Postgres has a message, also of one that it had before", async () => {
    const writer = await FrameSocket.open(parley.producerSocket, alice.token);
    for (const duplicate of [false, true]) {
      writer.send({ type: "message", id: "r1", room: "receipts", body: "stored?", receipt: "stored" });
      expect(await writer.next((frame) => frame.type === "ack")).toMatchObject({ id: "r1", duplicate });
      expect(await writer.next((frame) => frame.type === "stored")).toEqual({
        type: "stored",
        id: "r1",
        room: "receipts",
        seq: 1,
      });
    }
    writer.close();
  });

  it("stores a message once that is sent 50 times over two sockets, and acknowledges each", async () => {
    const sockets = await Promise.all([1, 2].map(() => FrameSocket.open(parley.producerSocket, alice.token)));
    for (let i = 0; i < 25; i += 1) {
      for (const socket of sockets)
        socket.send({ type: "message", id: "same", room: "once", body: "only once" });
    }
    const acks: Frame[] = [];
    for (const socket of sockets) {
      for (let i = 0; i < 25; i += 1) acks.push(await socket.next((frame) => frame.type === "ack"));
    }
    expect(acks.filter((ack) => ack.id === "same")).toHaveLength(50);
    expect(acks.filter((ack) => ack.duplicate === false)).toHaveLength(1);
    await until("it is in history", async () => (await parley.history("once", bob.token)).length > 0);
    sockets[0]?.send({ type: "message", id: "after", room: "once", body: "later" });
    await until("the next is in history", async () => (await parley.history("once", bob.token)).length > 1);
    expect((await parley.history("once", bob.token)).map(({ seq, id }) => [seq, id])).toEqual([
      [1, "same"],
      [2, "after"],
    ]);
    for (const socket of sockets) socket.close();
  });

  it("keeps one hole-free order under 20 senders, the same for every member and in history", async () => {
    const people = await Promise.all(Array.from({ length: 20 }, (_, i) => parley.person(`sender${i}`)));
    const members = [alice, bob].map((one) => new Member(parley.consumerSocket, () => one.token, ["busy"]));
    const senders = people.map((one) => new Sender(parley.producerSocket, () => one.token));
    const each = 50;
    const acks = senders.flatMap((sender, s) =>
      Array.from({ length: each }, (_, i) => sender.send("busy", `m${i}`, `message ${i} of sender ${s}`)),
    );
    await Promise.all(acks);
    const total = people.length * each;
    await until("both members have all", () => members.every((member) => member.head("busy") === total));
    const history = await parley.history("busy", alice.token);
    expect(history.map((message) => message.seq)).toEqual(Array.from({ length: total }, (_, i) => i + 1));
    for (const member of members) {
      expect(member.anomalies).toEqual([]);
      expect(member.rooms.get("busy")?.map(({ id, author }) => [id, author.id])).toEqual(
        history.map(({ id, author }) => [id, author.id]),
      );
    }
    // Nobody's own messages overtook one another.
    for (const one of people) {
      const own = history.filter(({ author }) => author.id === one.id).map(({ id }) => id);
      expect(own).toEqual(Array.from({ length: each }, (_, i) => `m${i}`));
    }
    for (const client of [...members, ...senders]) client.close();
  });

  it("takes the HTTP twin with an Idempotency-Key, and pages through history both ways", async () => {
    const url = `${parley.url("ws-producer")}/api/v1/rooms/paged/messages`;
    const headers = { authorization: `Bearer ${alice.token}`, "content-type": "application/json" };
    for (let i = 1; i <= 7; i += 1) {
      const answer = await fetch(url, {
        method: "POST",
        headers: { ...headers, "idempotency-key": `k${i}` },
        body: JSON.stringify({ body: `no ${i}` }),
      });
      expect(answer.status).toBe(201);
      expect(await answer.json()).toMatchObject({
        data: { type: "ack", id: `k${i}`, room: "paged", duplicate: false },
      });
    }
    const again = await fetch(url, {
      method: "POST",
      headers,
      body: JSON.stringify({ id: "k7", body: "no 7" }),
    });
    expect(await again.json()).toMatchObject({ data: { id: "k7", duplicate: true } });
    await until("all are stored", async () => (await parley.history("paged", bob.token)).length === 7);
    const page = async (query: string) => {
      const answer = await fetch(`${parley.url("ws-consumer")}/api/v1/rooms/paged/messages?${query}`, {
        headers,
      });
      return ((await answer.json()) as { data: { seq: number }[] }).data.map(({ seq }) => seq);
    };
    expect(await page("")).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(await page("limit=3")).toEqual([5, 6, 7]);
    expect(await page("before=5&limit=3")).toEqual([2, 3, 4]);
    expect(await page("after=5&limit=3")).toEqual([6, 7]);
    expect(await page("after=0&limit=2")).toEqual([1, 2]);
  });

  it("answers bad requests with a problem", async () => {
    const headers = { authorization: `Bearer ${alice.token}`, "content-type": "application/json" };
    const post = (room: string, body: string, more = {}) =>
      fetch(`${parley.url("ws-producer")}/api/v1/rooms/${room}/messages`, {
        method: "POST",
        headers: { ...headers, ...more },
        body,
      });
    const get = (path: string, more = {}) =>
      fetch(`${parley.url("ws-consumer")}${path}`, { headers: { ...headers, ...more } });
    const cases: [Promise<Response>, number, string][] = [
      [post("general", "{"), 400, "bad_json"],
      [post("general", "{}"), 400, "bad_frame"],
      [post("general", '{"body":7}'), 400, "bad_frame"],
      [post("general", '{"body":"a\\u0000b"}'), 400, "bad_frame"],
      [post("No%20Room", '{"body":"x"}'), 400, "bad_frame"],
      [post("general", JSON.stringify({ body: "x".repeat(20_000) })), 413, "too_large"],
      [post("general", '{"body":"x"}', { authorization: "" }), 401, "unauthenticated"],
      [post(`G${"0".repeat(26)}`, '{"body":"x"}'), 404, "room_not_found"],
      [get("/api/v1/rooms/general/messages?limit=0"), 400, "bad_frame"],
      [get("/api/v1/rooms/general/messages?limit=x"), 400, "bad_frame"],
      [get("/api/v1/rooms/general/messages?before=1&after=1"), 400, "bad_frame"],
      [get("/api/v1/rooms/general/messages", { authorization: "Bearer x" }), 401, "unauthenticated"],
      [get("/api/v1/nothing"), 404, "not_found"],
    ];
    for (const [answer, status, code] of cases) {
      const response = await answer;
      expect(response.headers.get("content-type")).toContain("application/problem+json");
      expect(await response.json()).toMatchObject({ status, code });
      expect(response.status).toBe(status);
    }
  });

  it("refuses forged and missing tokens on both sockets and over HTTP", async () => {
    const [head = "", claims = ""] = alice.token.split(".");
    const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");
    const decoded = JSON.parse(Buffer.from(head, "base64url").toString());
    const jwks = await (await fetch(`${parley.url("auth")}/.well-known/jwks.json`)).json();
    const hmac = (key: string) => {
      const text = `${encode({ ...decoded, alg: "HS256" })}.${claims}`;
      return `${text}.${createHmac("sha256", key).update(text).digest("base64url")}`;
    };
    const publicKey = (jwks as { keys: { x: string }[] }).keys[0]?.x ?? "";
    const forged = [
      "nonsense",
      `${encode({ ...decoded, alg: "none" })}.${claims}.`,
      hmac(publicKey),
      hmac(JSON.stringify(jwks)),
      `${alice.token.slice(0, -6)}AAAAAA`,
      alice.token.slice(0, -20),
      "x".repeat(5_000),
    ];
    for (const token of forged) {
      for (const url of [parley.producerSocket, parley.consumerSocket]) {
        const socket = new FrameSocket(url, { token });
        expect((await socket.closed).code).toBe(1006);
        expect(socket.frames).toEqual([]);
        const first = new FrameSocket(url);
        first.ws.on("open", () => first.send({ type: "auth", token }));
        expect((await first.closed).code).toBe(4401);
        expect(first.frames).toMatchObject([{ type: "error", code: "unauthenticated" }]);
      }
      const answer = await fetch(`${parley.url("ws-consumer")}/api/v1/rooms/general/messages`, {
        headers: { authorization: `Bearer ${token}` },
      });
      expect(answer.status).toBe(401);
    }
  });

  it("goes on for others while one sends garbage", async () => {
    const listener = await FrameSocket.open(parley.consumerSocket, bob.token);
    listener.send({ type: "subscribe", room: "calm" });
    await listener.next((frame) => frame.type === "caught_up");
    const [bad, good] = await Promise.all(
      [alice, bob].map((one) => FrameSocket.open(parley.producerSocket, one.token)),
    );
    if (!bad || !good) throw new Error("no sockets");
    const garbage = [
      "{",
      '{"room":"calm"}',
      '{"room":"calm","body":"a\\u0000b"}',
      '{"room":"calm","body":"\\ud800"}',
      '{"room":1,"body":2}',
    ];
    for (const [i, frame] of garbage.entries()) {
      bad.send(frame);
      good.send({ room: "calm", body: `good ${i}` });
      expect((await listener.next((one) => one.type === "message")).body).toBe(`good ${i}`);
    }
    bad.ws.send("x".repeat(1_000_000));
    expect((await bad.closed).code).toBe(1009);
    good.send({ room: "calm", body: "still good" });
    expect((await listener.next((one) => one.type === "message")).body).toBe("still good");
    expect(bad.frames.filter((frame) => frame.type === "error")).toHaveLength(garbage.length);
  });

  it("limits each user to 20 messages a second with a burst of 40, unless limits are off", async () => {
    const writer = await FrameSocket.open(parley.producerSocket, alice.token);
    for (let i = 0; i < 100; i += 1) writer.send({ room: "unlimited", body: `${i}` });
    for (let i = 0; i < 100; i += 1) await writer.next((frame) => frame.type === "ack");
    writer.close();
  });
});
