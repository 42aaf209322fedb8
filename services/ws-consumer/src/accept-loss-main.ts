import { jetstreamManager } from "@nats-io/jetstream";
import { streamOf } from "@parley/protocol/log";
import { readConfig } from "@parley/runtime/config";
import { ConsumerConfig } from "./config.ts";
import { ANSWER_MS, connectTool, openToolDatabase, print, runTool } from "./operator-tool.ts";
import { acceptLoss } from "./writing/postgres/accept-loss.ts";

/** `make accept-loss`: gives up what left the log before it was stored, so that its shards are written again. */

const NAME = "make accept-loss";

await runTool(NAME, async () => {
  const config = readConfig(ConsumerConfig, process.env);
  const database = openToolDatabase(config, NAME);
  await using closers = new AsyncDisposableStack();
  closers.defer(() => database.close());
  const nats = await connectTool(config, NAME);
  closers.defer(() => nats.close());
  const jsm = await jetstreamManager(nats, { checkAPI: false, timeout: ANSWER_MS });
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
});
