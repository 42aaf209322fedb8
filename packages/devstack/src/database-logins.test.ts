import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { withConnection } from "./database.ts";
import { keepDatabaseLogins } from "./database-logins.ts";
import { databaseLoginOf, makeLogins } from "./logins.ts";
import { createTestDatabase, type TestDatabase } from "./test-database.ts";

const { database: passwords } = makeLogins();
let database: TestDatabase;

/** Runs a statement with the login of a service. */
function as(user: "auth" | "ws-consumer", statement: string): Promise<unknown> {
  const { DATABASE_URL = "" } = databaseLoginOf(user, database.url, passwords);
  return withConnection(DATABASE_URL, (sql) => sql.unsafe(statement));
}

beforeAll(async () => {
  database = await createTestDatabase();
  await keepDatabaseLogins(database.url, passwords);
});
afterAll(() => database?.drop());

it("lets each service into its own schema, also into tables that come later", async () => {
  const later = "create table chat.later (id bigint generated always as identity, what text)";
  await withConnection(database.url, (sql) => sql.unsafe(later));
  await as("ws-consumer", "insert into chat.later (what) values ('x')");
  expect(await as("ws-consumer", "select what from chat.later")).toEqual([{ what: "x" }]);
  expect(await as("ws-consumer", "select count(*)::int as n from chat.entries")).toEqual([{ n: 0 }]);
  expect(await as("auth", "select count(*)::int as n from auth.users")).toEqual([{ n: 0 }]);
});

it.each<["auth" | "ws-consumer", string]>([
  ["auth", "select * from chat.entries"],
  [
    "auth",
    "insert into chat.rooms (id, kind, head, created_at, last_at) values ('r', 'channel', 0, now(), now())",
  ],
  ["ws-consumer", "select * from auth.users"],
  ["ws-consumer", "select * from auth.signing_keys"],
  ["ws-consumer", "delete from auth.sessions"],
  ["auth", "drop table auth.users"],
  ["ws-consumer", "truncate chat.entries"],
  ["ws-consumer", "alter table chat.entries disable trigger all"],
  ["ws-consumer", "create table chat.own (id int)"],
  ["auth", "create table public.own (id int)"],
  ["auth", "select * from public.schema_migrations"],
  ["ws-consumer", "create role another"],
  ["auth", "set role parley_consumer"],
  ["auth", "select pg_read_file('/etc/hostname')"],
])("%s may not: %s", async (user, statement) => {
  await expect(as(user, statement)).rejects.toMatchObject({ code: "42501" });
});

it("needs the right password, and takes a new one when it is run again", async () => {
  const other = makeLogins().database;
  await keepDatabaseLogins(database.url, other);
  await expect(as("auth", "select 1")).rejects.toMatchObject({ code: "28P01" });
  await keepDatabaseLogins(database.url, passwords);
  expect(await as("auth", "select 1 as one")).toEqual([{ one: 1 }]);
});

it("leaves an existing database to its only user", () => {
  const url = inject("postgresUrl");
  expect(databaseLoginOf("auth", url, undefined)).toEqual({ DATABASE_URL: url });
  expect(databaseLoginOf("ws-producer", url, passwords)).toEqual({});
});
