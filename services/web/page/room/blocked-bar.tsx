import type { User } from "@parley/client";
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { reasonOf } from "../parts/errors.ts";
import { marked, Named } from "../parts/named.tsx";
import { isBlocked, loadBlocks, unblock } from "../state/blocks.ts";
import { nameOf } from "../state/names.ts";
import { text } from "../text/en.ts";

/** Over the text field of a direct chat with somebody whom the user has blocked. */
export function BlockedBar({ user }: { user: User }) {
  const failure = useSignal("");
  useEffect(() => {
    loadBlocks().catch(() => undefined);
  }, []);
  if (!isBlocked(user.id)) return null;
  const end = () =>
    void unblock(user).catch((error: unknown) => {
      failure.value = reasonOf(error);
    });
  return (
    <p class="room-bar">
      <span>
        <Named text={failure.value || text.room.youBlocked(marked(nameOf(user)))} />
      </span>
      <button type="button" class="button" onClick={end}>
        {text.room.unblock}
      </button>
    </p>
  );
}
