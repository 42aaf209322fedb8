import { jetstream } from "@nats-io/jetstream";
import { headers } from "@nats-io/transport-node";
import { readConfig } from "@parley/runtime/config";
import { createLog } from "@parley/runtime/log";
import { connectNats } from "@parley/runtime/nats";
import { type Database, openDatabase } from "@parley/runtime/postgres";
import { isAway } from "@parley/runtime/postgres-errors";
import { databaseUrl, natsOptions } from "@parley/runtime/variables";
import { ConsumerConfig } from "./config.ts";

/** `make dead-letters`: lists dead letters, or appends one to the log again. */

const DEADLINE_MS = 5_000;
/** Characters of a payload that are listed. */
const SHOWN = 200;

type DeadLetter = {
  id: number;
  shard: number;
  log_seq: number;
  reason: string;
  subject: string;
  at: Date;
  payload: string;
};

const LIST = `
select id, shard, log_seq, reason, subject, at, encode(payload, 'base64') as payload
from chat.dead_letters where $1::bigint is null or id = $1::bigint order by id limit 1000`;

const print = (line: string) => process.stdout.write(`${line}\n`);
const textOf = (letter: DeadLetter) => Buffer.from(letter.payload, "base64").toString();

async function list(database: Database): Promise<void> {
  const letters = await database.query<DeadLetter>(LIST, [null]);
  for (const letter of letters) {
    const { id, shard, log_seq, subject, reason, at } = letter;
    print(`${id}  ${at.toISOString()}  shard ${shard} seq ${log_seq}  ${subject}`);
    print(`    reason   ${reason}`);
    print(`    payload  ${JSON.stringify(textOf(letter).slice(0, SHOWN))}`);
  }
  print(
    letters.length === 0
      ? "no dead letters"
      : `${letters.length} dead letters; put one back: make dead-letters REPLAY=<id>`,
  );
}

/** Appends a dead letter to the log again, then deletes it. If interrupted, it can be repeated without harm. */
async function replay(database: Database, id: number): Promise<void> {
  const [letter] = await database.query<DeadLetter>(LIST, [id]);
  if (!letter) throw new Error(`there is no dead letter ${id}`);
  const config = readConfig(ConsumerConfig, process.env);
  const nats = await connectNats({
    ...natsOptions(config),
    name: "dead-letters",
    log: createLog("dead-letters", "warn"),
  });
  try {
    const named = headers();
    named.set("Nats-Msg-Id", `dead-letter-${id}-${letter.log_seq}`);
    const payload = Buffer.from(letter.payload, "base64");
    const { seq } = await jetstream(nats, { timeout: DEADLINE_MS }).publish(letter.subject, payload, {
      headers: named,
    });
    await database.query("delete from chat.dead_letters where id = $1", [id]);
    print(`dead letter ${id} is in the log again, as seq ${seq} of shard ${letter.shard}`);
  } finally {
    await nats.close();
  }
}

const config = readConfig(ConsumerConfig, process.env);
const database = openDatabase({
  url: databaseUrl(config),
  name: "dead-letters",
  connections: 1,
  deadlineMs: DEADLINE_MS,
});
try {
  const [command = "list", id] = process.argv.slice(2);
  if (command === "list") await list(database);
  else if (command === "replay" && id !== undefined && /^\d{1,15}$/.test(id))
    await replay(database, Number(id));
  else throw new Error("usage: dead-letters-main.ts list | replay <id>");
} catch (error) {
  const hint = isAway(error) ? " (is a stack running? make start)" : "";
  process.stderr.write(`dead letters: ${error instanceof Error ? error.message : String(error)}${hint}\n`);
  process.exitCode = 1;
} finally {
  await database.close();
}
