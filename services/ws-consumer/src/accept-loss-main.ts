import { jetstreamManager } from "@nats-io/jetstream";
import { streamOf } from "@parley/protocol/log";
import { readConfig } from "@parley/runtime/config";
import { createLog } from "@parley/runtime/log";
import { connectNats } from "@parley/runtime/nats";
import { openDatabase } from "@parley/runtime/postgres";
import { databaseUrl, natsOptions } from "@parley/runtime/variables";
import { ConsumerConfig } from "./config.ts";
import { acceptLoss } from "./writing/postgres/accept-loss.ts";

/** `make accept-loss`: gives up what left the log before it was stored, so that its shards are written again. */

const DEADLINE_MS = 5_000;

const print = (line: string) => process.stdout.write(`${line}\n`);
const config = readConfig(ConsumerConfig, process.env);
const name = "accept-loss";
const database = openDatabase({ url: databaseUrl(config), name, connections: 1, deadlineMs: DEADLINE_MS });
const nats = await connectNats({ ...natsOptions(config), name, log: createLog(name, "warn") });
try {
  const jsm = await jetstreamManager(nats, { checkAPI: false, timeout: DEADLINE_MS });
  const shards = await database.query<{ shard: number }>("select shard from chat.shards order by shard");
  let accepted = 0;
  for (const { shard } of shards) {
    const { state } = await jsm.streams.info(streamOf(shard));
    const lost = await acceptLoss(database, shard, state.first_seq);
    if (lost === undefined) continue;
    accepted += 1;
    print(`shard ${shard}: entries ${lost[0]} to ${lost[1]} are given up`);
  }
  if (accepted === 0) print("nothing is missing: no cursor was moved");
} catch (error) {
  process.stderr.write(`make accept-loss: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  await Promise.all([database.close(), nats.close()]);
}
