import { createTestDatabase, type TestDatabase } from "@parley/devstack/test-database";
import { meOf, USER_EVENTS_MAX } from "@parley/protocol/me";
import { type Database, openDatabase } from "@parley/runtime/postgres";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createReadCursors } from "../rooms/postgres/read-cursors.ts";
import { createOwnRooms } from "./postgres/own-rooms.ts";

let made: TestDatabase;
let database: Database;

beforeAll(async () => {
  made = await createTestDatabase();
  database = openDatabase({ url: made.url, name: "test", connections: 12, deadlineMs: 10_000 });
  await database.query(
    `insert into chat.rooms (id, kind, head, created_at, last_at)
     select 'room-' || n, 'channel', 100000, now(), now() from generate_series(1, 20) as n`,
  );
  await database.query(
    `insert into chat.members (room, user_id, username, role, changed)
     select 'room-' || r, 'u' || u, 'u' || u, 'member', 1 from generate_series(1, 20) as r, generate_series(1, 20) as u`,
  );
});
afterAll(async () => {
  await database?.close();
  await made?.drop();
});

const seqsOf = async (userId: string) => {
  const rows = await database.query<{ seq: number }>(
    "select seq from chat.user_events where user_id = $1 order by seq",
    [userId],
  );
  return rows.map(({ seq }) => seq);
};

it("statements of many users at once neither deadlock nor leave a gap", async () => {
  const own = createOwnRooms(database);
  const { move } = createReadCursors(database);
  const users = Array.from({ length: 20 }, (_, i) => ({ id: `u${i + 1}`, username: `u${i + 1}` }));
  const shuffled = () => [...users].sort(() => Math.random() - 0.5);
  const work = Array.from({ length: 120 }, async (_, i) => {
    if (i % 3 === 0)
      return own.noteSessions(
        shuffled().map(({ id }) => ({ userId: id, session: `${id}-${i % 40}`, change: "new" as const })),
      );
    const room = `room-${(i % 20) + 1}`;
    const { noted } = await move(shuffled().map((user) => ({ room, user, seq: i + 1 })));
    return noted;
  });
  const stored = (await Promise.all(work)).flat();
  for (const { id } of users) {
    const told = stored.filter(({ userId }) => userId === id).map(({ seq }) => seq);
    const seqs = await seqsOf(id);
    expect(seqs).toEqual(seqs.map((_, i) => i + 1));
    expect(told.sort((a, b) => a - b)).toEqual(seqs);
  }
  const [sessions] = await database.query<{ count: number }>(
    "select count(*)::int as count from chat.user_events where user_id = 'u1' and key is not null",
  );
  expect(sessions?.count).toBe(new Set(Array.from({ length: 40 }, (_, i) => (i * 3) % 40)).size);
});

it(`the newest ${USER_EVENTS_MAX} events of a user stay`, async () => {
  const own = createOwnRooms(database);
  for (let i = 0; i < 3; i += 1)
    await own.noteSessions(
      Array.from({ length: 450 }, (_, n) => ({
        userId: "keen",
        session: `s-${i}-${n}`,
        change: "new" as const,
      })),
    );
  const seqs = await seqsOf("keen");
  expect([seqs[0], seqs.at(-1), seqs.length]).toEqual([351, 1_350, USER_EVENTS_MAX]);
  expect(await own.heads([meOf("keen"), meOf("nobody")])).toEqual(new Map([[meOf("keen"), 1_350]]));
  const frames = await own.replay("keen", 350, 1_350);
  expect(frames).toHaveLength(USER_EVENTS_MAX);
  expect(JSON.parse(frames[0] as string)).toMatchObject({ room: "@me", seq: 351, type: "session" });
});
