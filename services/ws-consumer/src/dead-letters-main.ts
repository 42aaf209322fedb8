import { jetstream } from "@nats-io/jetstream";
import { headers } from "@nats-io/transport-node";
import { readConfig } from "@parley/runtime/config";
import type { Database } from "@parley/runtime/postgres";
import type { Static } from "typebox";
import { ConsumerConfig } from "./config.ts";
import { ANSWER_MS, connectTool, openToolDatabase, print, runTool } from "./operator-tool.ts";

/** `make dead-letters`: lists dead letters, or appends one to the log again. */

const NAME = "make dead-letters";
/** Characters of a payload that are listed. */
const SHOWN = 200;

type Config = Static<typeof ConsumerConfig>;
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
async function replay(database: Database, config: Config, id: number): Promise<void> {
  const [letter] = await database.query<DeadLetter>(LIST, [id]);
  if (!letter) throw new Error(`there is no dead letter ${id}`);
  const nats = await connectTool(config, NAME);
  try {
    const named = headers();
    named.set("Nats-Msg-Id", `dead-letter-${id}-${letter.log_seq}`);
    const payload = Buffer.from(letter.payload, "base64");
    const { seq } = await jetstream(nats, { timeout: ANSWER_MS }).publish(letter.subject, payload, {
      headers: named,
    });
    await database.query("delete from chat.dead_letters where id = $1", [id]);
    print(`dead letter ${id} is in the log again, as seq ${seq} of shard ${letter.shard}`);
  } finally {
    await nats.close();
  }
}

await runTool(NAME, async () => {
  const config = readConfig(ConsumerConfig, process.env);
  const [command = "list", id] = process.argv.slice(2);
  const database = openToolDatabase(config, NAME);
  try {
    if (command === "list") await list(database);
    else if (command === "replay" && id !== undefined && /^\d{1,15}$/.test(id))
      await replay(database, config, Number(id));
    else throw new Error("usage: dead-letters-main.ts list | replay <id>");
  } finally {
    await database.close();
  }
});
