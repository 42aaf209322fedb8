import type { Account } from "@parley/devstack/accounts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { call, makeGroup, must, postStored } from "./api.ts";
import { type Frame, FrameSocket } from "./frame-socket.ts";
import { Parley, until } from "./parley.ts";

let parley: Parley;
let alice: Account;
let bob: Account;

beforeAll(async () => {
  parley = await Parley.start();
  alice = await parley.person("alice");
  bob = await parley.person("bob");
});
afterAll(() => parley?.stop());

const post = (room: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(`${parley.url("ws-producer")}/api/v1/rooms/${room}/messages`, {
    method: "POST",
    headers: { authorization: `Bearer ${alice.token}`, "content-type": "application/json", ...headers },
    body: body instanceof Uint8Array ? Buffer.from(body) : JSON.stringify(body),
  });
const cursorOf = (place: object) => Buffer.from(JSON.stringify(place)).toString("base64url");

describe("bytes, text and numbers are checked at the doors (faults E)", () => {
  it("bytes that are not UTF-8 are refused: 400 bad_encoding by HTTP, 1007 on sockets", async () => {
    const answer = await post("general", Buffer.from('{"body":"caf\xe9"}', "latin1"));
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([400, "bad_encoding"]);
    const query = await call(parley, alice, "GET", "/search?q=caf%E9");
    expect(query).toMatchObject({ status: 400, code: "bad_encoding" });
    for (const url of [parley.producerSocket, parley.consumerSocket]) {
      const socket = await FrameSocket.open(url, alice.token);
      socket.ws.send(Buffer.from('{"type":"ping","id":"\xe9"}', "latin1"), { binary: false });
      expect((await socket.closed).code).toBe(1007);
    }
  });

  it.each(["\u200B", "\u3164", "\u202E", "\u2800 \uFE0F", "a\0b", "\uD800", "\x1B[31m"])(
    "a body of %j is bad_frame with its path on both paths, also as an edit",
    async (body) => {
      const answer = await post("general", { body });
      expect(await answer.json()).toMatchObject({ status: 400, code: "bad_frame", path: "/body" });
      const socket = await FrameSocket.open(parley.producerSocket, alice.token);
      socket.send({ room: "general", body, id: "b" });
      expect(await socket.next("error")).toMatchObject({ id: "b", code: "bad_frame", path: "/body" });
      socket.close();
      const seq = await postStored(parley, alice, "edits", "text");
      const edit = await call(parley, alice, "PATCH", `/rooms/edits/messages/${seq}`, { body });
      expect(edit).toMatchObject({ status: 400, code: "bad_frame", body: { path: "/body" } });
    },
  );

  it.each([["a\tb"], ["a\0b"], ["\uD800"], ["a\u202Eb"], ["\u3164"], ["two\nlines"]])(
    "a group cannot be called %j, by name or by title",
    async (name) => {
      for (const field of ["name", "title"])
        expect(await call(parley, alice, "POST", "/rooms", { kind: "group", [field]: name })).toMatchObject({
          status: 400,
          code: "bad_frame",
          body: { path: `/${field}` },
        });
    },
  );

  it("cursors and parameters out of bounds are 400 with their path", async () => {
    await postStored(parley, alice, "general", "text");
    const year = "+275760-09-13T00:00:00.000Z";
    const cursors = [
      `/rooms?cursor=${cursorOf({ isPinned: false, activeAt: year, id: "a" })}`,
      `/rooms?cursor=${cursorOf({ isPinned: false, activeAt: "2026-01-01T00:00:00.000Z", id: "a\0" })}`,
      `/rooms/general/members?cursor=${cursorOf({ joinedAt: year, id: "a" })}`,
      `/search?q=x&cursor=${cursorOf({ at: year, room: "general", seq: 1 })}`,
      `/search?q=x&cursor=${cursorOf({ at: "2026-01-01T00:00:00.000Z", room: "\0", seq: 1 })}`,
    ];
    for (const path of cursors)
      expect(await call(parley, alice, "GET", path), path).toMatchObject({
        status: 400,
        body: { path: "/cursor" },
      });
    for (const [path, at] of [
      ["/search?q=%00", "/q"],
      ["/presence/user/%00", "/user"],
      [`/rooms/${"x".repeat(101)}`, "/room"],
      ["/rooms/general/messages?before=9999999999999999", "/before"],
    ])
      expect(await call(parley, alice, "GET", String(path)), path).toMatchObject({
        status: 400,
        code: "bad_frame",
        body: { path: at },
      });
  });

  it("a body that is optional may be absent whatever the content type says", async () => {
    const { id } = await makeGroup(parley, alice, [bob]);
    const answer = await fetch(`${parley.url("ws-consumer")}/api/v1/rooms/${id}/leave`, {
      method: "POST",
      headers: { authorization: `Bearer ${bob.token}`, "content-type": "application/json" },
    });
    expect(answer.status).toBe(200);
  });
});

describe("limits and codes agree on both paths (faults F)", () => {
  it.each([
    ["a body that is too long", { body: "x".repeat(4_001) }, "too_large"],
    ["a body of the most characters, escaped", { body: "🎈".repeat(4_000) }, undefined],
    ["no body", {}, "bad_frame"],
    ["a body that is no text", { body: 7 }, "bad_frame"],
    ["an id that is too long", { body: "x", id: "i".repeat(65) }, "bad_frame"],
    ["a reply to seq 0", { body: "x", replyTo: 0 }, "bad_frame"],
  ])("%s", async (_what, content, code) => {
    const http = (await (await post("general", content)).json()) as { code?: string; path?: string };
    const socket = await FrameSocket.open(parley.producerSocket, alice.token);
    socket.send({ type: "message", room: "general", ...content });
    const answer = (await socket.next(code === undefined ? "ack" : "error")) as Frame & {
      code?: string;
      path?: string;
    };
    expect([answer.code, http.code]).toEqual([code, code]);
    expect(answer.path).toBe(http.path);
    socket.close();
  });

  it("CORS answers each route's own methods", async () => {
    const preflight = async (path: string) => {
      const answer = await fetch(`${parley.url("ws-consumer")}/api/v1${path}`, {
        method: "OPTIONS",
        headers: { origin: "http://localhost:8083", "access-control-request-method": "PUT" },
      });
      return answer.headers.get("access-control-allow-methods");
    };
    expect(await preflight("/rooms/general")).toBe("DELETE, GET, HEAD, PATCH");
    expect(await preflight("/rooms/general/read")).toBe("PUT");
  });

  it("every HTTP error is a problem, also of a malformed URL and of a method that is not there", async () => {
    for (const [path, method, status] of [
      ["/api/v1/rooms/%", "GET", 400],
      ["/api/v1/rooms/general", "PUT", 405],
      ["/api/v1/nowhere", "GET", 404],
    ] as const)
      for (const service of ["auth", "ws-producer", "ws-consumer"] as const) {
        const answer = await fetch(`${parley.url(service)}${path}`, { method });
        expect(answer.headers.get("content-type")).toContain("application/problem+json");
        if (service === "ws-consumer") expect(answer.status).toBe(status);
      }
  });
});

describe("recovery forgets no event (faults H)", () => {
  it("after a gap the events are there to be paged, all of them and in order", async () => {
    const { id: room } = await makeGroup(parley, alice, [bob]);
    const first = await postStored(parley, alice, room, "first");
    const second = await postStored(parley, alice, room, "second");
    await must(parley, alice, "PATCH", `/rooms/${room}/messages/${first}`, { body: "edited" });
    await must(parley, alice, "DELETE", `/rooms/${room}/messages/${second}`);
    await must(parley, bob, "POST", `/rooms/${room}/leave`);
    const frames: Frame[] = [];
    for (let after: number | null = 0; after !== null; ) {
      const { body } = await call(parley, alice, "GET", `/rooms/${room}/events?after=${after}&limit=3`);
      const page = body as { data: Frame[]; next: number | null; head: number; floor: number };
      expect(page).toMatchObject({ head: second + 3, floor: 1 });
      expect(page.data.length).toBeLessThanOrEqual(3);
      frames.push(...page.data);
      after = page.next;
    }
    expect(frames.map(({ seq }) => seq)).toEqual(frames.map((_, i) => i + 1));
    expect(frames.map(({ type }) => type).slice(-5)).toEqual([
      "message",
      "message",
      "message_edited",
      "message_deleted",
      "member_left",
    ]);
    const beyond = await call(parley, alice, "GET", `/rooms/${room}/events?after=999`);
    expect(beyond.body).toEqual({ data: [], head: second + 3, next: null, floor: 1 });
    expect(await call(parley, bob, "GET", `/rooms/${room}/events`)).toMatchObject({ code: "room_not_found" });
  });

  it("an `after` beyond the head is a reset, and the newest page follows", async () => {
    const head = await postStored(parley, alice, "rewound", "only this");
    const socket = await FrameSocket.open(parley.consumerSocket, alice.token);
    socket.send({ type: "subscribe", room: "rewound", after: head + 100 });
    expect(await socket.next("subscribed")).toMatchObject({ outcome: "reset", head });
    expect(await socket.next("message")).toMatchObject({ seq: head, body: "only this" });
    expect(await socket.next("caught_up")).toMatchObject({ seq: head });
    socket.close();
  });

  it("a reply to no visible message keeps its text and loses its replyTo, live and in history", async () => {
    const room = "replies";
    const seq = await postStored(parley, alice, room, "first");
    const gone = await postStored(parley, alice, room, "gone");
    await must(parley, alice, "DELETE", `/rooms/${room}/messages/${gone}`);
    const listener = await FrameSocket.listen(parley.consumerSocket, bob.token, room);
    const producer = await FrameSocket.open(parley.producerSocket, alice.token);
    for (const replyTo of [seq, gone, gone + 1, gone + 50]) {
      producer.send({ room, body: `re ${replyTo}`, replyTo, receipt: "stored" });
      await producer.next("stored");
    }
    const live: Frame[] = [];
    while (live.length < 4) live.push(await listener.next("message"));
    expect(live.map(({ replyTo }) => replyTo)).toEqual([seq, undefined, undefined, undefined]);
    const page = await must<Frame[]>(parley, alice, "GET", `/rooms/${room}/messages?limit=4`);
    expect(page.map(({ body, replyTo }) => [body, replyTo])).toEqual(
      live.map((one) => [one.body, one.replyTo]),
    );
    producer.close();
    listener.close();
  });

  it("a reaction to no visible message takes no seq and reaches nobody", async () => {
    const room = "reactions";
    const seq = await postStored(parley, alice, room, "first");
    const gone = await postStored(parley, alice, room, "gone");
    await must(parley, alice, "DELETE", `/rooms/${room}/messages/${gone}`);
    const producer = await FrameSocket.open(parley.producerSocket, alice.token);
    for (const target of [gone, gone + 1, gone + 50, seq]) {
      producer.send({ type: "reaction", room, seq: target, emoji: "👍" });
      await producer.next("ack");
    }
    const last = await postStored(parley, alice, room, "last");
    const { data } = await call(parley, alice, "GET", `/rooms/${room}/events?after=${gone + 1}`);
    expect(data).toMatchObject([
      { type: "reaction", target: seq, seq: gone + 2 },
      { type: "message", seq: last },
    ]);
    expect(last).toBe(gone + 3);
    producer.close();
  });

  it("a reaction is answered `stored`, or message_not_found, where its sender asks for it", async () => {
    const seq = await postStored(parley, alice, "receipts", "first");
    const producer = await FrameSocket.open(parley.producerSocket, alice.token);
    const react = async (target: number, id: string) => {
      producer.send({ type: "reaction", room: "receipts", seq: target, emoji: "👍", id, receipt: "stored" });
      expect(await producer.next("ack")).toMatchObject({ id });
      return producer.next("stored", "error");
    };
    expect(await react(seq, "r1")).toMatchObject({ type: "stored", id: "r1", seq: seq + 1 });
    expect(await react(seq, "r1")).toMatchObject({ type: "stored", id: "r1", seq: seq + 1 });
    for (const id of ["r2", "r2"])
      expect(await react(seq + 1, id)).toMatchObject({
        type: "error",
        id,
        code: "message_not_found",
        path: "/seq",
      });
    producer.close();
  });

  it("reactions that differ in a variation selector are one", async () => {
    const seq = await postStored(parley, alice, "hearts", "text");
    const react = async (who: Account, emoji: string, remove = false) => {
      const socket = await FrameSocket.open(parley.producerSocket, who.token);
      socket.send({ type: "reaction", room: "hearts", seq, emoji, remove });
      await socket.next("ack");
      socket.close();
    };
    const count = async () => {
      const [message] = await must<Frame[]>(parley, alice, "GET", "/rooms/hearts/messages");
      return (message?.reactions as { count: number }[] | undefined)?.map((one) => one.count) ?? [];
    };
    await react(alice, "❤️");
    await react(bob, "❤");
    await until("both count", async () => (await count()).join() === "2");
    await react(alice, "❤", true);
    await until("one is taken back", async () => (await count()).join() === "1");
  });

  it.each(["PATCH", "DELETE"])(
    "%s of a seq that is no visible message is message_not_found",
    async (method) => {
      const { id: room } = await makeGroup(parley, alice, [bob]);
      const seq = await postStored(parley, alice, room, "text");
      await must(parley, alice, "DELETE", `/rooms/${room}/messages/${seq}`);
      const body = method === "PATCH" ? { body: "x" } : undefined;
      for (const target of [1, seq, seq + 1, 999])
        expect(await call(parley, alice, method, `/rooms/${room}/messages/${target}`, body)).toMatchObject({
          status: 404,
          code: "message_not_found",
        });
    },
  );

  it("a repeated send is acknowledged with the first time", async () => {
    const socket = await FrameSocket.open(parley.producerSocket, alice.token);
    const acks: Frame[] = [];
    for (let i = 0; i < 2; i += 1) {
      socket.send({ room: "twice", body: "x", id: "same" });
      acks.push(await socket.next("ack"));
    }
    expect(acks.map(({ duplicate }) => duplicate)).toEqual([false, true]);
    expect(acks[1]?.at).toBe(acks[0]?.at);
    socket.close();
  });
});

describe("search finds what stands in the text (faults I)", () => {
  const texts = [
    "see www.google.co.uk/qwerty4",
    "ticket PLT-3699",
    "the report.pdf",
    "中文測試很重要",
    "ภาษาไทย",
    "Zoë".normalize("NFD"),
    "great 🎉",
  ];
  beforeAll(async () => {
    for (const text of texts) await postStored(parley, alice, "library", text);
  });

  it.each([
    ["qwerty4", 0],
    ["3699", 1],
    ["report", 2],
    ["中文", 3],
    ["ไทย", 4],
    ["zoë", 5],
    ["🎉", 6],
  ])("%s", async (query, which) => {
    const path = `/search?q=${encodeURIComponent(query)}`;
    for (const where of [path, `${path}&room=library`])
      expect(await must<Frame[]>(parley, bob, "GET", where)).toMatchObject([{ body: texts[which] }]);
  });

  it.each(["👍", "the", "--", "-report"])("%s gives nothing, in one room and in all", async (query) => {
    const path = `/search?q=${encodeURIComponent(query)}`;
    for (const where of [path, `${path}&room=library`])
      expect(await must(parley, bob, "GET", where)).toEqual([]);
  });

  it("a page around a seq is the context of what was found", async () => {
    const [found] = await must<Frame[]>(parley, bob, "GET", "/search?q=report&room=library");
    const page = await must<Frame[]>(
      parley,
      bob,
      "GET",
      `/rooms/library/messages?around=${found?.seq}&limit=3`,
    );
    expect(page.map(({ body }) => body)).toEqual(texts.slice(1, 4));
  });
});
