import type { Hand } from "./hand.ts";
import type { Cuts } from "./orders.ts";

/** Cuts each member's connection every so often, the first time at a random moment. Returns what ends it. */
export function cutAll(hands: readonly Hand[], { everyMs, offlineMs }: Cuts): () => void {
  const timers = new Set<NodeJS.Timeout>();
  const later = (hand: Hand, ms: number) => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      hand.member?.cut?.(offlineMs);
      later(hand, everyMs);
    }, ms);
    timers.add(timer);
  };
  for (const hand of hands) if (hand.place.listens) later(hand, Math.random() * everyMs);
  return () => timers.forEach(clearTimeout);
}
