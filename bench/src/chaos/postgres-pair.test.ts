import { makeTempDir, removeDataDir } from "@parley/devstack/temp-dir";
import { sleep } from "@parley/runtime/deadline";
import { openDatabase } from "@parley/runtime/postgres";
import { isAway, READ_ONLY } from "@parley/runtime/postgres-errors";
import { expect, it } from "vitest";
import { joinHosts, PostgresPair } from "./postgres-pair.ts";

const CONNECTIONS = 2;
const DEADLINE_MS = 300;
const codeOf = (error: unknown) => (error as { code?: string }).code;

it("commits that wait for a standby pile up no backends; a pool goes to the standby once it is promoted", async () => {
  await using closers = new AsyncDisposableStack();
  const dir = await makeTempDir("pair");
  closers.defer(() => removeDataDir(dir));
  const pair = await PostgresPair.start(dir, dir, "synchronous", closers);
  const open = (name: string) => {
    const url = joinHosts([pair.standby.url, pair.primary.url]);
    const database = openDatabase({ url, name, connections: CONNECTIONS, deadlineMs: DEADLINE_MS });
    closers.defer(() => database.close());
    return database;
  };
  const database = open("pool");
  await database.query("create table kept (n int)", [], 5_000);
  const insert = (n: number) =>
    database.query("insert into kept values ($1)", [n]).then(
      () => "stored",
      // A standby is never asked, not even for a moment.
      (error: unknown) =>
        codeOf(error) !== READ_ONLY && (isAway(error) || codeOf(error) === "BUSY") ? "away" : error,
    );

  await pair.standby.kill();
  for (let i = 0; i < 8; i += 1)
    expect(await Promise.all([insert(0), insert(0)]), `round ${i}`).toEqual(["away", "away"]);
  const counted = "select count(*) as count from pg_stat_activity where application_name = 'pool'";
  expect((await open("other").query<{ count: number }>(counted))[0]?.count).toBeLessThanOrEqual(
    CONNECTIONS + 1,
  );
  await pair.standby.startReady();
  await expect.poll(() => insert(1), { timeout: 15_000 }).toBe("stored");

  const promoted = pair.failOver();
  const answers: unknown[] = [];
  for (; answers.at(-1) !== "stored" || pair.primary.pid !== undefined; await sleep(20))
    answers.push(await insert(2));
  await promoted;
  // None is away if the standby is promoted while one waits for a connection.
  expect(answers.filter((one) => one !== "away" && one !== "stored")).toEqual([]);
  const rows = await database.query<{ n: number }>(
    "select distinct n from kept where n > 0 order by n",
    [],
    5_000,
  );
  expect(rows.map(({ n }) => n)).toEqual([1, 2]);
}, 60_000);
