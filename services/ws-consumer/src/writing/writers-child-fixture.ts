import { createLivePublisher } from "../delivery/nats/live-exchange.ts";
import { connectTest, startInstance } from "./writers-fixture.ts";

/**
 * Runs an instance of the writers in a process of its own, for tests that kill or stop it:
 * `node writers-child-fixture.ts <nats> <postgres> <shards> <instance> [crash]`. With `crash` it kills itself between the
 * commit of its first batch and the announcement.
 */
const [nats = "", postgres = "", shards = "", instance = "", crash] = process.argv.slice(2);
const connection = await connectTest(nats, "child");
const publisher = createLivePublisher({
  nats: connection,
  live: connection,
  deliverHere: () => undefined,
  publishUserEvents: () => undefined,
});
const deliver = crash === "crash" ? () => process.kill(process.pid, "SIGKILL") : publisher.deliver;
await startInstance({ nats, postgres }, Number(shards), { instance, publisher: { ...publisher, deliver } });
process.stdout.write("started\n");
