import { expect, onTestFinished, test } from "vitest";
import { withConnection } from "./database.ts";
import { createTestDatabase } from "./test-database.ts";

/** Tables and their columns without a comment; a partition has its parent's, and schema_migrations is the tool's. */
const UNCOMMENTED = `
select format('%I.%I', n.nspname, c.relname) || coalesce('.' || a.attname, '') as name
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
left join lateral (
  select null::name as attname, 0 as attnum
  union all
  select attname, attnum from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped
) as a on true
where c.relkind in ('r', 'p') and not c.relispartition
  and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and c.oid <> 'public.schema_migrations'::regclass
  and coalesce(btrim(case a.attnum when 0 then obj_description(c.oid, 'pg_class') else col_description(c.oid, a.attnum) end), '') = ''
order by 1`;

test("every table and column that the migrations make has a comment", async () => {
  const { url, drop } = await createTestDatabase();
  onTestFinished(drop);
  await withConnection(url, async (sql) => {
    const names = async () => (await sql.unsafe<{ name: string }[]>(UNCOMMENTED)).map(({ name }) => name);
    expect(await names()).toEqual([]);
    await sql`create table chat.plain (first int, second int)`;
    await sql`comment on column chat.plain.second is 'Known.'`;
    expect(await names()).toEqual(["chat.plain", "chat.plain.first"]);
  });
});
