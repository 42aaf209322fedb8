import type { Cuts } from "./commands.ts";
import type { Member } from "./member.ts";

/** Cuts each member's connection every so often, the first time at a random moment. Returns what ends it. */
export function cutAll(members: readonly Member[], { everyMs, offlineMs }: Cuts): () => void {
  const timers = new Set<NodeJS.Timeout>();
  const later = (member: Member, ms: number) => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      member.connection?.cut?.(offlineMs);
      later(member, everyMs);
    }, ms);
    timers.add(timer);
  };
  for (const member of members) if (member.spec.listens) later(member, Math.random() * everyMs);
  return () => timers.forEach(clearTimeout);
}
