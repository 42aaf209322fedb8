import type { Pending } from "@parley/client";
import { useEffect } from "preact/hooks";
import { useLive } from "../state/live.ts";
import { now, watchClock } from "../state/now.ts";
import { parley } from "../state/parley.ts";
import { text } from "../text/en.ts";

/** When a refusal was first seen, by the wall clock, ms. */
const seenAt = new WeakMap<object, number>();

/** When a message goes out that was refused for being too fast, by the wall clock, ms; 0 for others. */
function goesOutAt({ state, error }: Pending): number {
  if (state.value !== "queued" || error?.code !== "rate_limited") return 0;
  const since = seenAt.get(error) ?? Date.now();
  seenAt.set(error, since);
  return since + (error.retryAfterMs ?? 0);
}

/** Counts down to when a message goes out that came too fast for the server. */
export function RateLimit({ room }: { room: string }) {
  const pending = useLive(parley.outbox).filter((one) => one.room === room);
  const at = Math.max(0, ...pending.map(goesOutAt));
  useEffect(() => (at > 0 ? watchClock() : undefined), [at]);
  const seconds = Math.ceil((at - now.value) / 1_000);
  return at > 0 && seconds > 0 ? (
    <p class="rate" role="status">
      {text.composer.wait(seconds)}
    </p>
  ) : null;
}
