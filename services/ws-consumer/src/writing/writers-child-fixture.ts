import { createLivePublisher } from "../delivery/nats/live-publisher.ts";
import { connectTest, startInstance } from "./writers-fixture.ts";

/**
 * An instance of the writers in a process of its own, for tests that kill or stop it:
 * `node writers-child-fixture.ts <nats> <postgres> <shards> <instance> [crash]`. With `crash` it is killed between the
 * commit of its first batch and telling the world.
 */
const [nats = "", postgres = "", shards = "", instance = "", crash] = process.argv.slice(2);
const connection = await connectTest(nats, "child");
const feed = createLivePublisher({ nats: connection, live: connection, deliverHere: () => undefined });
const deliver = crash === "crash" ? () => process.kill(process.pid, "SIGKILL") : feed.deliver;
await startInstance({ nats, postgres }, Number(shards), { instance, feed: { ...feed, deliver } });
process.stdout.write("started\n");
