import { afterAll, describe, expect, it } from "vitest";
import { ask, call, postStored } from "./api.ts";
import { FrameSocket } from "./frame-socket.ts";
import { Parley } from "./parley.ts";

const parley = await Parley.start();
afterAll(() => parley.stop());
const alice = await parley.person("alice");

const post = (room: string, body: unknown) =>
  fetch(`${parley.url("ws-producer")}/api/v1/rooms/${room}/messages`, {
    method: "POST",
    headers: { authorization: `Bearer ${alice.token}`, "content-type": "application/json" },
    body: body instanceof Uint8Array ? Buffer.from(body) : JSON.stringify(body),
  });
const cursorOf = (place: object) => Buffer.from(JSON.stringify(place)).toString("base64url");

describe("E: bytes, text and numbers are checked at the doors", () => {
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
      const refused = await ask(parley, alice, { room: "general", body, id: "b" }, "error");
      expect(refused).toMatchObject({ id: "b", code: "bad_frame", path: "/body" });
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
      ["/rooms/general/messages?limit=0", "/limit"],
      ["/rooms/general/messages?limit=x", "/limit"],
    ])
      expect(await call(parley, alice, "GET", String(path)), path).toMatchObject({
        status: 400,
        code: "bad_frame",
        body: { path: at },
      });
  });
});

describe("F: limits and codes agree on both paths", () => {
  it.each([
    ["a body that is too long", { body: "x".repeat(4_001) }, "too_large"],
    ["a body of the most characters, escaped", { body: "🎈".repeat(4_000) }, undefined],
    ["no body", {}, "bad_frame"],
    ["a body that is no text", { body: 7 }, "bad_frame"],
    ["an id that is too long", { body: "x", id: "i".repeat(65) }, "bad_frame"],
    ["a reply to seq 0", { body: "x", replyTo: 0 }, "bad_frame"],
  ])("%s", async (_what, content, code) => {
    const http = (await (await post("general", content)).json()) as { code?: string; path?: string };
    const frame = { type: "message", room: "general", ...content };
    const answer = await ask(parley, alice, frame, code === undefined ? "ack" : "error");
    expect([answer.code, http.code]).toEqual([code, code]);
    expect(answer.path).toBe(http.path);
  });
});
