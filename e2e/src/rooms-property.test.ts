import { isDeepStrictEqual } from "node:util";
import type { Account } from "@parley/devstack/accounts";
import fc from "fast-check";
import { afterAll, expect, it } from "vitest";
import { addMember, call, makeGroup, must } from "./api.ts";
import { FrameSocket } from "./frame-socket.ts";
import { Parley, until } from "./parley.ts";
import { Replica, type RoomState } from "./replica.ts";

const HISTORIES = Number(process.env.ROOM_HISTORIES ?? 12);
const STEPS_MAX = 50;

const parley = await Parley.start({ consumers: 2 });
afterAll(() => parley.stop());
const [owner, second, ...people] = await parley.people("owner", "second", "ann", "ben", "cyd");
const opened = [owner, second, ...people].map(
  async (who) => [who, await FrameSocket.open(parley.producerSocket, who.token)] as const,
);
const sockets = new Map(await Promise.all(opened));

/** What a step may do, and how often it does. */
const KINDS = {
  often: ["post", "react"],
  rarely: ["reply", "edit", "delete", "read", "join", "leave", "promote", "rename", "drop"],
} as const;
type Kind = (typeof KINDS)["often" | "rarely"][number];
/** Kinds that are about a message of the room. */
const ABOUT_MESSAGE = new Set<Kind>(["reply", "edit", "delete", "react"]);

const step = fc.record({
  kind: fc.constantFrom<Kind>(...KINDS.often, ...KINDS.often, ...KINDS.often, ...KINDS.rarely),
  who: fc.nat(2),
  which: fc.nat(2),
  emoji: fc.constantFrom("👍", "🎉"),
  remove: fc.constantFrom(false, false, true),
  title: fc.string({ minLength: 1, maxLength: 5, unit: "grapheme-ascii" }),
  replica: fc.nat(1),
});
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

/** Sends a frame and waits for its answer; refusals are part of the histories. */
async function send(person: Account, frame: object): Promise<void> {
  const socket = sockets.get(person) as FrameSocket;
  socket.send(frame);
  await socket.next("ack", "error");
}

/** Does a step. A refused step changes nothing. */
async function take(one: Step, room: string, replicas: readonly Replica[]): Promise<void> {
  const { kind, who, which, emoji, remove, title } = one;
  const message = ABOUT_MESSAGE.has(kind) ? (await pageOf(room)).data[which] : undefined;
  if (ABOUT_MESSAGE.has(kind) && message === undefined) return;
  const seq = Number(message?.seq);
  // Mostly by a person who may (the author; the owner for deletions), at times by one who may not.
  const author = who > 0 && people.find(({ id }) => id === message?.author.id);
  const person = (kind === "edit" && author) || (people[who] as Account);
  const path = `/rooms/${room}`;
  const steps: Record<Kind, () => unknown> = {
    post: () => send(person, { room, body: `said by ${person.username}` }),
    reply: () => send(person, { room, body: "a reply", replyTo: seq }),
    edit: () => call(parley, person, "PATCH", `${path}/messages/${seq}`, { body: `by ${person.username}` }),
    delete: () => call(parley, who > 0 ? owner : person, "DELETE", `${path}/messages/${seq}`),
    react: () => send(person, { type: "reaction", room, seq, emoji, remove }),
    read: async () => {
      const { data } = await call(parley, owner, "GET", path);
      await send(person, { type: "read", room, seq: (data as { head: number }).head });
    },
    join: () => addMember(parley, owner, room, person),
    leave: () => call(parley, person, "POST", `${path}/leave`),
    promote: () => call(parley, owner, "PATCH", `${path}/members/${person.id}`, { role: "admin" }),
    rename: () => call(parley, owner, "PATCH", path, { title }),
    drop: () => replicas[one.replica]?.drop(),
  };
  await steps[kind]();
}

type Message = Readonly<{
  seq: number;
  author: { id: string };
  body: string;
  editedAt?: string;
  deletedAt?: string;
  replyTo?: number;
  reactions?: { emoji: string; count: number }[];
}>;
type Page = { data: Message[]; head: number };
type Member = { user: Account; role: string; readSeq: number };

const pageOf = async (room: string) =>
  (await call(parley, owner, "GET", `/rooms/${room}/messages?limit=200`)).body as Page;

/** The state of a room as a new client loads it, by REST alone. */
async function fresh(room: string): Promise<RoomState> {
  const { title } = await must<{ title: string }>(parley, owner, "GET", `/rooms/${room}`);
  const members = await must<Member[]>(parley, owner, "GET", `/rooms/${room}/members`);
  const { data } = await pageOf(room);
  const messages = data.map(({ seq, body, editedAt, deletedAt, replyTo = null, reactions = [] }) => ({
    seq,
    body,
    isEdited: editedAt !== undefined,
    isDeleted: deletedAt !== undefined,
    replyTo,
    reactions: Object.fromEntries(reactions.map(({ emoji, count }) => [emoji, count])),
  }));
  return {
    title,
    members: Object.fromEntries(members.map(({ user, role, readSeq }) => [user.id, { role, readSeq }])),
    messages,
  };
}

it("a client that applied all events has the same state as a client that loads the room by REST", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: STEPS_MAX }), async (steps) => {
      const { id: room } = await makeGroup(parley, owner, [second, ...people], "Random");
      const replicas = [
        new Replica(parley.consumerSocket, owner.token, room),
        new Replica(parley.secondConsumerSocket, second.token, room),
      ];
      try {
        for (const one of steps) await take(one, room, replicas);
        // The last event: replicas that have it have all.
        await call(parley, owner, "PATCH", `/rooms/${room}`, { title: "The end" });
        const now = await fresh(room);
        const same = () => replicas.every((one) => isDeepStrictEqual(one.view, now));
        await until("both replicas have it", same).catch(() => undefined);
        for (const one of replicas) {
          expect(one.anomalies).toEqual([]);
          expect(one.view).toEqual(now);
        }
      } finally {
        for (const one of replicas) one.close();
      }
    }),
    { numRuns: HISTORIES, endOnFailure: true },
  );
});
