async function makeTable(database) {
  await database.query(
    "create table if not exists messages (id bigserial primary key, room text not null, body text not null, at timestamptz not null default now())",
  );
  await database.query("create index if not exists messages_room on messages (room, id)");
}

/** How a peer's application stores a message, the same for all that do it in Node: `pg` with its default pool of 10. */
export async function openStore(pg) {
  const pool = new pg.Pool({
    connectionString: process.env.DATABASE_URL,
    max: Number(process.env.POOL ?? 10),
  });
  await makeTable(pool);
  /** Resolves with the row's id once it is committed. */
  return async (room, body) => {
    const { rows } = await pool.query("insert into messages (room, body) values ($1, $2) returning id", [
      room,
      body,
    ]);
    return rows[0].id;
  };
}

/** The same by one connection: what has gathered while one statement was under way goes into the next, in order. */
export async function openGroupedStore(pg) {
  const client = new pg.Client({ connectionString: process.env.DATABASE_URL });
  await client.connect();
  await makeTable(client);
  let waiting = [];
  let isBusy = false;
  const insert = async () => {
    isBusy = true;
    for (let batch = waiting; batch.length > 0; batch = waiting) {
      waiting = [];
      const { rows } = await client.query({
        name: "insert",
        text: "insert into messages (room, body) select * from unnest($1::text[], $2::text[]) returning id",
        values: [batch.map(({ room }) => room), batch.map(({ body }) => body)],
      });
      for (const [i, { resolve }] of batch.entries()) resolve(rows[i].id);
    }
    isBusy = false;
  };
  return (room, body) =>
    new Promise((resolve) => {
      if (waiting.push({ room, body, resolve }) === 1 && !isBusy) setImmediate(insert);
    });
}
