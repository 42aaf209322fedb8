import { once } from "node:events";
import postgres from "postgres";
import { createSearch } from "../../services/ws-consumer/src/search/postgres/search-index.ts";

export const USERS = 1_000;
const CHANNELS = 2_000;
const GROUPS = 6_000;
const DIRECTS = 2_000;
const ROOMS = CHANNELS + GROUPS + DIRECTS;
const GROUP_MEMBERS = 12;
const CHANNEL_MEMBERS = 12;
const WORDS = 20_000;
const BODY_WORDS = 8;
const ROWS_AT_ONCE = 5_000;
const INDEX_MESSAGES = 5_000;
const START = Date.parse("2026-01-01T00:00:00Z");
const BETWEEN_MS = 20_000;

/** The same numbers each time, so that runs can be compared. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
const random = randomOf(42);
/** Few come often, most come seldom. */
const skewed = (max: number) => Math.floor(max ** random()) % max;

const kindOf = (room: number) =>
  room < CHANNELS ? "channel" : room < CHANNELS + GROUPS ? "group" : "direct";
const idOf = (room: number) => {
  const kind = kindOf(room);
  if (kind === "channel") return `channel-${room}`;
  return `${kind === "group" ? "G" : "D"}${String(room).padStart(26, "0")}`;
};

/** A room, busy ones more often. */
export const chooseRoom = (): string => idOf(busy());
// Half of the messages are spread over all rooms, half go to the busy ones, which are of all kinds.
const busy = () => (random() < 0.5 ? Math.floor(random() * ROOMS) : (skewed(ROOMS) * 7_919) % ROOMS);

/** One or two words that somebody may search for. */
export const chooseWords = (): string =>
  random() < 0.5 ? `word${skewed(WORDS)}` : `word${skewed(WORDS)} word${skewed(WORDS)}`;

const userId = (user: number) => `user-${user}`;

/** Who is in a room: always the same. */
function membersOf(room: number): number[] {
  const count = { channel: CHANNEL_MEMBERS, group: GROUP_MEMBERS, direct: 2 }[kindOf(room)];
  return Array.from({ length: count }, (_, i) => (room * 31 + i * 83) % USERS);
}

async function copy(sql: postgres.Sql, into: string, rows: Iterable<string>): Promise<void> {
  const stream = await sql.unsafe(`copy ${into} from stdin`).writable();
  let text: string[] = [];
  const flush = async () => {
    if (!stream.write(`${text.join("\n")}\n`)) await once(stream, "drain");
    text = [];
  };
  for (const row of rows) if (text.push(row) === ROWS_AT_ONCE) await flush();
  if (text.length > 0) await flush();
  stream.end();
  await once(stream, "finish");
}

function* entriesOf(messages: number, heads: number[], lastAt: string[]): Generator<string> {
  for (let i = 0; i < messages; i += 1) {
    const room = busy();
    heads[room] = (heads[room] ?? 0) + 1;
    const at = new Date(START + i * BETWEEN_MS).toISOString();
    lastAt[room] = at;
    const members = membersOf(room);
    const author = members[Math.floor(random() * members.length)] as number;
    const body = Array.from({ length: BODY_WORDS }, () => `word${skewed(WORDS)}`).join(" ");
    const reply = random() < 0.05 && (heads[room] as number) > 1 ? Math.ceil(random() * 20) : "\\N";
    yield [
      idOf(room),
      heads[room],
      i + 1,
      at,
      reply,
      "message",
      userId(author),
      `name${author}`,
      `m${i}`,
      body,
    ].join("\t");
  }
}

function* roomsOf(heads: readonly number[], lastAt: readonly string[]): Generator<string> {
  for (let room = 0; room < ROOMS; room += 1) {
    const at = lastAt[room] ?? new Date(START).toISOString();
    const head = heads[room] ?? 0;
    const seq = head === 0 ? "\\N" : head;
    yield [idOf(room), kindOf(room), head, at, at, `Room ${room}`, seq, at].join("\t");
  }
}

function* membershipsOf(heads: readonly number[]): Generator<string> {
  for (let room = 0; room < ROOMS; room += 1) {
    for (const member of membersOf(room)) {
      // Most have read nearly all; some have not been there for long.
      const behind = random() < 0.05 ? 2_000 : Math.floor(random() * 40);
      const readSeq = Math.max(0, (heads[room] ?? 0) - behind);
      yield [idOf(room), userId(member), `name${member}`, "member", readSeq, 1].join("\t");
    }
  }
}

/** Fills an empty database by COPY, and makes its messages ready to be found. */
export async function seedRooms(
  url: string,
  database: Parameters<typeof createSearch>[0],
  messages: number,
  say: (line: string) => void,
): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  const began = performance.now();
  const heads: number[] = new Array(ROOMS).fill(0);
  const lastAt: string[] = [];
  await copy(
    sql,
    "chat.entries (room, seq, log_seq, at, reply_to, type, author_id, author_username, client_id, body)",
    entriesOf(messages, heads, lastAt),
  );
  await copy(
    sql,
    "chat.rooms (id, kind, head, created_at, last_at, title, last_message, last_message_at)",
    roomsOf(heads, lastAt),
  );
  await copy(sql, "chat.members (room, user_id, username, role, read_seq, changed)", membershipsOf(heads));
  await sql`insert into chat.reactions (room, seq, emoji, user_id, at)
    select room, seq, '👍', 'user-' || (seq % ${USERS}), at from chat.entries where log_seq % 10 = 0`;
  await sql`insert into chat.unindexed (room, first_seq, last_seq) select id, 1, head from chat.rooms where head > 0`;
  say(
    `seeded by COPY in ${Math.round((performance.now() - began) / 1_000)} s; busiest room ${Math.max(...heads.map((head) => head ?? 0))}`,
  );
  const { index } = createSearch(database, "english");
  while (await index(INDEX_MESSAGES));
  await sql`vacuum analyze`;
  say(`words kept and analyzed after ${Math.round((performance.now() - began) / 1_000)} s`);
  await sql.end();
}
