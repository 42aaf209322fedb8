import { useLive } from "../state/live.ts";
import { parley } from "../state/parley.ts";
import { text } from "../text/en.ts";

/** Whether somebody is online, as a dot. Give it a `key` of the user. */
export function PresenceDot({ userId }: { userId: string }) {
  const presence = useLive(parley.presence(userId));
  const isOnline = presence?.isOnline ?? false;
  return (
    <span class={isOnline ? "presence is-online" : "presence"}>
      <span class="visually-hidden">{isOnline ? text.inbox.online : text.inbox.offline}</span>
    </span>
  );
}
