import { join } from "node:path";
import type { StackOptions } from "./stack.ts";

/** Stack options for tests of the devstack itself: real NATS and Postgres, stand-ins for the three services. */
export function fixtureEntries(): Pick<StackOptions, "services" | "entries"> {
  const file = (role: string) => join(import.meta.dirname, "../fixtures", `${role}-service.ts`);
  return {
    services: ["auth", "ws-producer", "ws-consumer"],
    entries: { auth: file("auth"), "ws-producer": file("producer"), "ws-consumer": file("consumer") },
  };
}
