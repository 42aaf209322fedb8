import type { NatsConnection } from "@nats-io/transport-node";
import { listen, type OnFault } from "@parley/runtime/listen";
import type { FreeShards } from "../assign-shards.ts";

/** Core NATS subject between instances of this service. */
const FREE_SUBJECT = "writers.free";

/** Announces free shards by core NATS. A lost announcement costs half a second, until the next survey. */
export function createFreeShards(nats: NatsConnection, onFault: OnFault): FreeShards {
  return {
    announce() {
      try {
        nats.publish(FREE_SUBJECT);
      } catch {
        // The connection is closed; the other instances find the shard by their surveys.
      }
    },
    listen(onFree) {
      return listen(nats, FREE_SUBJECT, onFree, onFault);
    },
  };
}
