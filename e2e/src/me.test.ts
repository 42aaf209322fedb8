import { logIn } from "@parley/devstack/accounts";
import { afterAll, expect, it } from "vitest";
import { call, makeGroup, must, postStored } from "./api.ts";
import { type Frame, FrameSocket } from "./frame-socket.ts";
import { Parley } from "./parley.ts";

const parley = await Parley.start({ consumers: 2 });
afterAll(() => parley.stop());
const [alice, bob] = await parley.people("alice", "bob");

const isOwn = ({ room, seq }: Frame) => room === "@me" && seq !== undefined && typeof seq === "number";
const ownOf = (socket: FrameSocket) =>
  socket.frames.filter((frame) => isOwn(frame) && frame.type !== "subscribed" && frame.type !== "caught_up");

it("@me is heard without asking at each consumer, and resumes by seq without a gap", async () => {
  using here = await FrameSocket.open(parley.consumerSocket, bob.token);
  using there = await FrameSocket.open(parley.secondConsumerSocket, bob.token);
  for (const socket of [here, there])
    expect(await socket.next("session")).toMatchObject({ room: "@me", seq: 1, change: "new" });
  const { id: room } = await makeGroup(parley, alice, [bob]);
  await must(parley, alice, "PATCH", `/rooms/${room}`, { title: "Dinner" });
  await must(parley, alice, "PATCH", `/rooms/${room}/members/${bob.id}`, { role: "admin" });
  const seq = await postStored(parley, alice, room, "hello");
  await must(parley, bob, "PUT", `/rooms/${room}/read`, { seq });
  await must(parley, alice, "DELETE", `/rooms/${room}/members/${bob.id}`);
  const left = ({ type, event }: Frame) =>
    type === "membership" && (event as { type: string }).type === "member_left";
  for (const socket of [here, there]) await socket.find(left);
  const heard = ownOf(here);
  expect(ownOf(there)).toEqual(heard);
  expect(
    heard.map(({ type, event, mark }) => (event as Frame)?.type ?? (mark as Frame)?.seq ?? type),
  ).toEqual(["session", "member_joined", "room_updated", "member_role", seq, "member_left"]);
  expect(heard.map((frame) => frame.seq)).toEqual([1, 2, 3, 4, 5, 6]);
  expect(here.frames.some(({ type, room: name }) => type === "subscribed" && name === "@me")).toBe(false);
  using late = await FrameSocket.open(parley.consumerSocket, bob.token);
  late.send({ type: "resume", rooms: { "@me": 2 } });
  expect(await late.next("subscribed")).toMatchObject({ room: "@me", head: 6, outcome: "resumed" });
  expect(await late.next("caught_up")).toEqual({ type: "caught_up", room: "@me", seq: 6 });
  expect(ownOf(late)).toEqual(heard.slice(2));
  late.send({ type: "subscribe", room: "@me", after: 99 });
  expect(await late.next("subscribed")).toMatchObject({ outcome: "reset", head: 6 });
});

it("a revoked session is told to the other devices, once, and in a resume", async () => {
  const { token } = await logIn(parley.url("auth"), alice);
  using _device = await FrameSocket.open(parley.consumerSocket, token);
  using asked = await FrameSocket.open(parley.secondConsumerSocket, alice.token);
  asked.send({ type: "subscribe", room: "@me", after: 0 });
  await asked.next("caught_up");
  const isNew = ({ type, change }: Frame) => type === "session" && change === "new";
  const { sid: session } = JSON.parse(Buffer.from(token.split(".")[1] as string, "base64url").toString());
  await asked.find((frame) => isNew(frame) && frame.session === session);
  expect((await call(parley, alice, "DELETE", `/sessions/${session}`, undefined, "auth")).status).toBe(200);
  const revoked = ({ type, change }: Frame) => type === "session" && change === "revoked";
  const frame = await asked.find(revoked, 20_000);
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  expect(asked.frames.filter(revoked)).toHaveLength(1);
  expect(ownOf(asked).map(({ seq }) => seq)).toEqual(ownOf(asked).map((_, i) => i + 1));
  expect(frame.session).toBe(session);
});
