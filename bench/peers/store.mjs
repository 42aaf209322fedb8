/** How a peer's application stores a message, the same for all that do it in Node: `pg` with its default pool of 10. */
export async function openStore(pg) {
  const pool = new pg.Pool({
    connectionString: process.env.DATABASE_URL,
    max: Number(process.env.POOL ?? 10),
  });
  await pool.query(
    "create table if not exists messages (id bigserial primary key, room text not null, body text not null, at timestamptz not null default now())",
  );
  await pool.query("create index if not exists messages_room on messages (room, id)");
  /** Resolves with the row's id once it is committed. */
  return async (room, body) => {
    const { rows } = await pool.query("insert into messages (room, body) values ($1, $2) returning id", [
      room,
      body,
    ]);
    return rows[0].id;
  };
}
