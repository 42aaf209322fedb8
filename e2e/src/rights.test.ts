import type { Account } from "@parley/devstack/accounts";
import { afterAll, describe, expect, it } from "vitest";
import { type Answer, addMember, ask, call, must, postStored } from "./api.ts";
import { Parley } from "./parley.ts";

/** A room, who acts in it, and the seqs of a message of the founder and one of the actor. */
type Scene = Readonly<{ room: string; actor: Account; founderSeq: number; ownSeq: number }>;
type Outcomes = readonly [owner: string, admin: string, member: string, outsider: string];
type Action = Readonly<{
  /** A method and a path below the room's. `$name` is replaced, here and in the body: see `fill`. */
  request: string | ((scene: Scene) => Promise<Answer>);
  body?: object;
  inChannel: Outcomes;
  /** For a member of a direct chat. */
  inDirect: string;
}>;

const [YES, NO, JOIN, GONE] = ["yes", "forbidden", "not_a_member", "room_not_found"] as const;
const ALL: Outcomes = [YES, YES, YES, YES];
const MEMBERS: Outcomes = [YES, YES, YES, JOIN];
const ADMINS: Outcomes = [YES, YES, NO, JOIN];
const OWNERS: Outcomes = [YES, NO, NO, JOIN];
const NOBODY: Outcomes = [NO, NO, NO, NO];
const STANDINGS = ["owner", "admin", "member", "outsider"] as const;

const ACTIONS: Readonly<Record<string, Action>> = {
  see: { request: "GET ", inChannel: ALL, inDirect: YES },
  read: { request: "GET /messages", inChannel: ALL, inDirect: YES },
  "list members": { request: "GET /members", inChannel: ALL, inDirect: YES },
  post: { request: post, inChannel: ALL, inDirect: YES },
  react: { request: react, inChannel: ALL, inDirect: YES },
  "edit own": { request: "PATCH /messages/$ownSeq", body: { body: "x" }, inChannel: ALL, inDirect: YES },
  "edit others'": {
    request: "PATCH /messages/$founderSeq",
    body: { body: "x" },
    inChannel: NOBODY,
    inDirect: NO,
  },
  "delete own": { request: "DELETE /messages/$ownSeq", inChannel: ALL, inDirect: YES },
  "delete others'": { request: "DELETE /messages/$founderSeq", inChannel: [YES, YES, NO, NO], inDirect: NO },
  "mark read": { request: "PUT /read", body: { seq: 1 }, inChannel: MEMBERS, inDirect: YES },
  mute: { request: "PATCH ", body: { isMuted: true }, inChannel: MEMBERS, inDirect: YES },
  rename: { request: "PATCH ", body: { title: "Renamed" }, inChannel: ADMINS, inDirect: NO },
  invite: { request: "POST /members", body: { userId: "$stranger" }, inChannel: ADMINS, inDirect: NO },
  "invite as admin": {
    request: "POST /members",
    body: { userId: "$stranger", role: "admin" },
    inChannel: OWNERS,
    inDirect: NO,
  },
  promote: { request: "PATCH /members/$other", body: { role: "admin" }, inChannel: OWNERS, inDirect: NO },
  "remove a member": { request: "DELETE /members/$other", inChannel: ADMINS, inDirect: NO },
  "remove the owner": { request: "DELETE /members/$founder", inChannel: OWNERS, inDirect: NO },
  join: { request: "POST /join", inChannel: ALL, inDirect: YES },
  "make a link": { request: "POST /invites", inChannel: ADMINS, inDirect: NO },
  "end links": { request: "DELETE /invites", inChannel: ADMINS, inDirect: NO },
  leave: { request: "POST /leave", inChannel: MEMBERS, inDirect: NO },
  delete: { request: "DELETE ", inChannel: OWNERS, inDirect: NO },
};

const parley = await Parley.start();
afterAll(() => parley.stop());
const [founder, actor, other, stranger] = await parley.people("founder", "actor", "other", "stranger");

/** Does an action; gives "yes" or the code of its refusal. */
async function outcomeOf({ request, body }: Action, scene: Scene): Promise<string> {
  const { ownSeq, founderSeq } = scene;
  const names = { ownSeq, founderSeq, other: other.id, founder: founder.id, stranger: stranger.id };
  const fill = (text: string) =>
    text.replace(/\$(\w+)/g, (_, name) => String(names[name as keyof typeof names]));
  const send = () => {
    const [method = "", path = ""] = fill(request as string).split(" ");
    const filled = body && (JSON.parse(fill(JSON.stringify(body))) as object);
    return call(parley, scene.actor, method, `/rooms/${scene.room}${path}`, filled);
  };
  const { status, code } = await (typeof request === "string" ? send() : request(scene));
  return status < 300 ? YES : code;
}

function post({ actor: who, room }: Scene): Promise<Answer> {
  return call(parley, who, "POST", `/rooms/${room}/messages`, { body: "said" }, "ws-producer");
}

async function react({ actor: who, room, founderSeq }: Scene): Promise<Answer> {
  const reaction = { type: "reaction", room, seq: founderSeq, emoji: "👍" };
  const frame = await ask(parley, who, reaction, "ack", "error");
  const status = frame.type === "ack" ? 200 : 404;
  return { status, code: String(frame.code), data: frame as never, body: frame as never };
}

let rooms = 0;

/** Makes a room in which `actor` has that standing, and `other` is a member. */
async function makeScene(kind: "channel" | "group", standing: (typeof STANDINGS)[number]): Promise<Scene> {
  rooms += 1;
  const made = { kind, name: `rights-${rooms}`, title: "Rights" };
  const { id: room } = await must<{ id: string }>(parley, founder, "POST", "/rooms", made);
  const invite = (who: Account, role: string) => addMember(parley, founder, room, who, role);
  await invite(other, "member");
  // An outsider is a member first, to post a message of their own.
  await invite(actor, standing === "outsider" ? "member" : standing);
  const founderSeq = await postStored(parley, founder, room, "said");
  const ownSeq = await postStored(parley, actor, room, "said");
  if (standing === "outsider") await must(parley, founder, "DELETE", `/rooms/${room}/members/${actor.id}`);
  return { room, actor, founderSeq, ownSeq };
}

describe.each(["channel", "group"] as const)("in a %s", (kind) => {
  it.each(STANDINGS)("an %s may do what the table says, and nothing else", async (standing) => {
    const outcomes = Object.entries(ACTIONS).map(async ([what, action]) => {
      return [what, await outcomeOf(action, await makeScene(kind, standing))];
    });
    const wanted = ({ inChannel }: Action) =>
      kind === "group" && standing === "outsider" ? GONE : inChannel[STANDINGS.indexOf(standing)];
    expect(await Promise.all(outcomes)).toEqual(
      Object.entries(ACTIONS).map(([what, action]) => [what, wanted(action)]),
    );
  });
});

describe("in a direct chat", () => {
  it.each(["member", "outsider"])("a %s may do what the table says, and nothing else", async (standing) => {
    const { id: room } = await must<{ id: string }>(parley, founder, "POST", "/directs", {
      userId: other.id,
    });
    const who = standing === "member" ? other : actor;
    for (const [what, action] of Object.entries(ACTIONS)) {
      const founderSeq = await postStored(parley, founder, room, "said");
      const ownSeq = await postStored(parley, other, room, "said");
      const outcome = await outcomeOf(action, { room, actor: who, founderSeq, ownSeq });
      expect([what, outcome]).toEqual([what, standing === "member" ? action.inDirect : GONE]);
    }
  });
});
