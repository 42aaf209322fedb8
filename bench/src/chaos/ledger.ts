import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { streamOf } from "@parley/protocol/log";
import postgres from "postgres";
import type { Entry, Row } from "./evidence.ts";

/** LOG_SHARDS of the run. */
const SHARDS = 4;
const CONNECTIONS = 2;

/** A trigger of the harness that records each cursor that moves back within one epoch. */
const WATCH_CURSORS = `
create schema if not exists chaos;
create table if not exists chaos.cursors_back (shard smallint, from_seq bigint, to_seq bigint, at timestamptz default now());
create or replace function chaos.note_cursor() returns trigger language plpgsql as $$
begin
  insert into chaos.cursors_back (shard, from_seq, to_seq) values (old.shard, old.cursor, new.cursor);
  return new;
end $$;
create or replace trigger chaos_cursor before update on chat.shards for each row
  when (new.cursor < old.cursor and new.epoch = old.epoch)
  execute function chaos.note_cursor();`;

export type Ledger = Awaited<ReturnType<typeof openLedger>>;

/**
 * Reads what is stored without any service: rows and cursors by SQL, the ends of the streams from JetStream. Runs
 * `statements` first, which a mutant needs. `login`: of the operator of NATS.
 */
export async function openLedger(
  natsUrl: string,
  databaseUrl: string,
  statements: readonly string[] = [],
  login: Readonly<{ user: string; pass: string }> | undefined = undefined,
) {
  const sql = postgres(databaseUrl, {
    max: CONNECTIONS,
    ...(databaseUrl.includes(",") ? { target_session_attrs: "primary" as const } : {}),
    backoff: () => 0.1,
    connect_timeout: 2,
    onnotice: () => undefined,
    types: { bigint: { to: 20, from: [20], parse: Number, serialize: String } },
  });
  for (const statement of [WATCH_CURSORS, ...statements]) await sql.unsafe(statement);
  const servers = natsUrl.split(",");
  const nats = await connect({ servers, ...login, maxReconnectAttempts: -1, noAsyncTraces: true });
  const jsm = await jetstreamManager(nats, { checkAPI: false, timeout: 1_000 });
  const ends = async () => {
    const infos = await Promise.all(
      Array.from({ length: SHARDS }, (_, shard) => jsm.streams.info(streamOf(shard))),
    );
    return infos.reduce((sum, { state }) => sum + state.last_seq, 0);
  };
  return {
    /** Number of entries in the log and not yet in Postgres; undefined while one of them does not answer. */
    async backlog(): Promise<number | undefined> {
      try {
        const end = await ends();
        const [{ cursors } = { cursors: 0 }] = await sql<{ cursors: number }[]>`
          select sum(cursor)::int8 as cursors from chat.shards`;
        return Math.max(0, end - cursors);
      } catch {
        return undefined;
      }
    },
    rows: (): Promise<Row[]> => sql<Row[]>`
      select room, seq, log_seq as "logSeq", author_id as author, client_id as id, body
      from chat.entries where type = 'message' order by room, seq`,
    /** Whether a message is committed under its seq; undefined while Postgres does not answer. */
    async has(room: string, { seq, author, id }: Entry): Promise<boolean | undefined> {
      try {
        const found = await sql`
          select 1 from chat.entries
          where room = ${room} and seq = ${seq} and author_id = ${author} and client_id = ${id}`;
        return found.length === 1;
      } catch {
        return undefined;
      }
    },
    /** How many of these rooms have no member any more: the writer makes a room of its entries again, but no member. */
    async countMissing(rooms: readonly string[]): Promise<number> {
      const [{ found } = { found: 0 }] = await sql<{ found: number }[]>`
        select count(distinct room)::int8 as found from chat.members where room = any(${rooms as string[]})`;
      return rooms.length - found;
    },
    /** How often a shard's cursor moved back within one epoch. */
    async cursorsBack(): Promise<number> {
      const [{ count } = { count: 0 }] = await sql<{ count: number }[]>`
        select count(*)::int8 as count from chaos.cursors_back`;
      return count;
    },
    async close(): Promise<void> {
      await Promise.all([sql.end({ timeout: 1 }), nats.close()]);
    },
  };
}
