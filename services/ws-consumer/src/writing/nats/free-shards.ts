import type { NatsConnection } from "@nats-io/transport-node";
import type { FreeShards } from "../share-shards.ts";

/** Between instances of this service only. */
const FREE_SUBJECT = "writers.free";

/** Tells by core NATS that a shard is free. One that gets lost costs half a second. */
export function createFreeShards(nats: NatsConnection): FreeShards {
  return {
    announce() {
      try {
        nats.publish(FREE_SUBJECT);
      } catch {
        // The connection is closed; the others look around by themselves.
      }
    },
    listen(onFree) {
      const callback = (error: Error | null) => {
        if (!error) onFree();
      };
      const subscription = nats.subscribe(FREE_SUBJECT, { callback });
      return () => subscription.unsubscribe();
    },
  };
}
