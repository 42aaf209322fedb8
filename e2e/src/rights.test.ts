import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Answer, call, must } from "./api.ts";
import { FrameSocket } from "./frame-socket.ts";
import { Parley, type Person } from "./parley.ts";

/** A room with somebody in each role, and messages of the founder and of the one who acts. */
type Scene = Readonly<{ room: string; actor: Person; other: Person; founderSeq: number; ownSeq: number }>;
type Standing = "owner" | "admin" | "member" | "outsider";
type Action = Readonly<{ what: string; act: (scene: Scene) => Promise<Answer> }>;

let parley: Parley;
let founder: Person;
let actor: Person;
let other: Person;
let stranger: Person;

beforeAll(async () => {
  parley = await Parley.start();
  founder = await parley.person("founder");
  actor = await parley.person("actor");
  other = await parley.person("other");
  stranger = await parley.person("stranger");
});
afterAll(() => parley?.stop());

const as =
  (method: string, path: (scene: Scene) => string, body?: (scene: Scene) => object) => (scene: Scene) =>
    call(parley, scene.actor, method, `/rooms/${scene.room}${path(scene)}`, body?.(scene));
const post = (who: Person, room: string) =>
  call(parley, who, "POST", `/rooms/${room}/messages`, { body: "said" }, "ws-producer");

const ACTIONS: readonly Action[] = [
  { what: "see", act: as("GET", () => "") },
  { what: "read", act: as("GET", () => "/messages") },
  { what: "list members", act: as("GET", () => "/members") },
  { what: "post", act: ({ actor: who, room }) => post(who, room) },
  { what: "react", act: (scene) => react(scene) },
  {
    what: "edit own",
    act: as(
      "PATCH",
      ({ ownSeq }) => `/messages/${ownSeq}`,
      () => ({ body: "edited" }),
    ),
  },
  {
    what: "edit others'",
    act: as(
      "PATCH",
      ({ founderSeq }) => `/messages/${founderSeq}`,
      () => ({ body: "no" }),
    ),
  },
  { what: "delete own", act: as("DELETE", ({ ownSeq }) => `/messages/${ownSeq}`) },
  { what: "delete others'", act: as("DELETE", ({ founderSeq }) => `/messages/${founderSeq}`) },
  {
    what: "mark read",
    act: as(
      "PUT",
      () => "/read",
      () => ({ seq: 1 }),
    ),
  },
  {
    what: "mute",
    act: as(
      "PATCH",
      () => "",
      () => ({ isMuted: true }),
    ),
  },
  {
    what: "rename",
    act: as(
      "PATCH",
      () => "",
      () => ({ title: "Renamed" }),
    ),
  },
  {
    what: "invite",
    act: as(
      "POST",
      () => "/members",
      () => ({ userId: stranger.id }),
    ),
  },
  {
    what: "invite as admin",
    act: as(
      "POST",
      () => "/members",
      () => ({ userId: stranger.id, role: "admin" }),
    ),
  },
  {
    what: "promote",
    act: as(
      "PATCH",
      ({ other: { id } }) => `/members/${id}`,
      () => ({ role: "admin" }),
    ),
  },
  { what: "remove a member", act: as("DELETE", ({ other: { id } }) => `/members/${id}`) },
  { what: "remove the owner", act: as("DELETE", () => `/members/${founder.id}`) },
  { what: "join", act: as("POST", () => "/join") },
  { what: "leave", act: as("POST", () => "/leave") },
  { what: "delete", act: as("DELETE", () => "") },
];

async function react({ actor: who, room, founderSeq }: Scene): Promise<Answer> {
  const socket = await FrameSocket.open(parley.producerSocket, who.token);
  socket.send({ type: "reaction", room, seq: founderSeq, emoji: "👍" });
  const frame = await socket.next(({ type }) => type === "ack" || type === "error");
  socket.close();
  const status = frame.type === "ack" ? 200 : 404;
  return { status, code: String(frame.code), data: frame as never, body: frame as never };
}

const YES = "yes";
const GONE = "room_not_found";
const NO = "forbidden";
const JOIN = "not_a_member";

/** What each action answers, for owner, admin, member, outsider. A direct chat knows members and outsiders only. */
const CHANNEL: Readonly<Record<string, readonly [string, string, string, string]>> = {
  see: [YES, YES, YES, YES],
  read: [YES, YES, YES, YES],
  "list members": [YES, YES, YES, YES],
  post: [YES, YES, YES, YES],
  react: [YES, YES, YES, YES],
  "edit own": [YES, YES, YES, YES],
  "edit others'": [NO, NO, NO, NO],
  "delete own": [YES, YES, YES, YES],
  "delete others'": [YES, YES, NO, NO],
  "mark read": [YES, YES, YES, JOIN],
  mute: [YES, YES, YES, JOIN],
  rename: [YES, YES, NO, JOIN],
  invite: [YES, YES, NO, JOIN],
  "invite as admin": [YES, NO, NO, JOIN],
  promote: [YES, NO, NO, JOIN],
  "remove a member": [YES, YES, NO, JOIN],
  "remove the owner": [YES, NO, NO, JOIN],
  join: [YES, YES, YES, YES],
  leave: [YES, YES, YES, JOIN],
  delete: [YES, NO, NO, JOIN],
};
const GROUP = Object.fromEntries(
  Object.entries(CHANNEL).map(([what, [owner, admin, member]]) => [
    what,
    [owner, admin, member, GONE] as const,
  ]),
);
const IN_DIRECT = new Set([
  "see",
  "read",
  "list members",
  "post",
  "react",
  "edit own",
  "delete own",
  "mark read",
  "mute",
  "join",
]);
const DIRECT = Object.fromEntries(
  Object.keys(CHANNEL).map((what) => [what, [IN_DIRECT.has(what) ? YES : NO, GONE] as const]),
);

const STANDINGS: readonly Standing[] = ["owner", "admin", "member", "outsider"];
let names = 0;

/** Makes a room in which `actor` is something, and somebody else a member. */
async function sceneOf(kind: "channel" | "group", standing: Standing): Promise<Scene> {
  names += 1;
  const made = await must<{ id: string }>(parley, founder, "POST", "/rooms", {
    kind,
    name: `rights-${names}`,
    title: "Rights",
  });
  const room = made.id;
  const bring = (who: Person, role: string) =>
    must(parley, founder, "POST", `/rooms/${room}/members`, { userId: who.id, role });
  await bring(other, "member");
  // Whoever is an outsider later writes their own message while they may.
  await bring(actor, standing === "outsider" ? "member" : standing);
  const seqs = await saySomething(room, [founder, actor]);
  if (standing === "outsider") await must(parley, founder, "DELETE", `/rooms/${room}/members/${actor.id}`);
  return { room, actor, other, founderSeq: seqs[0] as number, ownSeq: seqs[1] as number };
}

async function saySomething(room: string, people: readonly Person[]): Promise<number[]> {
  const seqs: number[] = [];
  for (const who of people) {
    const socket = await FrameSocket.open(parley.producerSocket, who.token);
    socket.send({ room, body: "said", receipt: "stored" });
    seqs.push(Number((await socket.next(({ type }) => type === "stored")).seq));
    socket.close();
  }
  return seqs;
}

const said = ({ status, code }: Answer) => (status < 300 ? YES : code);

describe.each(["channel", "group"] as const)("in a %s", (kind) => {
  const table = kind === "channel" ? CHANNEL : GROUP;
  it.each(STANDINGS)("an %s may do what the table says, and nothing else", async (standing) => {
    const column = STANDINGS.indexOf(standing);
    const answers = await Promise.all(
      ACTIONS.map(async ({ what, act }) => [what, said(await act(await sceneOf(kind, standing)))]),
    );
    expect(answers).toEqual(ACTIONS.map(({ what }) => [what, table[what]?.[column]]));
  });
});

describe("in a direct chat", () => {
  it.each(["member", "outsider"])("a %s may do what the table says, and nothing else", async (standing) => {
    const { id: room } = await must<{ id: string }>(parley, founder, "POST", "/directs", {
      userId: other.id,
    });
    const who = standing === "member" ? other : actor;
    const answers: string[][] = [];
    for (const { what, act } of ACTIONS) {
      const [founderSeq = 0, ownSeq = 0] = await saySomething(room, [founder, other]);
      answers.push([what, said(await act({ room, actor: who, other, founderSeq, ownSeq }))]);
    }
    const column = standing === "member" ? 0 : 1;
    expect(answers).toEqual(ACTIONS.map(({ what }) => [what, DIRECT[what]?.[column]]));
  });
});
