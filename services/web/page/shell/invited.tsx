import { Icon } from "../parts/icon.tsx";
import { invitations } from "../state/invitations.ts";
import { route } from "../state/route.ts";
import { text } from "../text/en.ts";

/** Tells of the groups that ask the user to join. */
export function Invited() {
  const count = invitations.value?.length ?? 0;
  return <div role="status">{count > 0 && <InvitedLink count={count} />}</div>;
}

function InvitedLink({ count }: { count: number }) {
  const isOpen = route.value.name === "invitations";
  return (
    <a
      class={isOpen ? "invited is-open" : "invited"}
      href="/invitations"
      aria-current={isOpen ? "page" : undefined}
    >
      <Icon name="users" class="is-small" />
      <span>{text.inbox.invitations(count)}</span>
      <span class="badge" aria-hidden="true">
        {count}
      </span>
    </a>
  );
}
