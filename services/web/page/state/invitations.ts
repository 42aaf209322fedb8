import type { Invitation } from "@parley/client";
import { invitationsOf } from "@parley/client/invitations";
import { signal } from "@preact/signals";
import { parley } from "./parley.ts";
import { me } from "./session.ts";
import { soon } from "./soon.ts";

/** Requests are collected for so long, ms. */
const COLLECT_MS = 300;

/** The user's invitations that wait for an answer; undefined until they are known. */
export const invitations = signal<readonly Invitation[] | undefined>(undefined);

/** Asks soon, once for several reasons. The server tells of no new one: who comes back to the page is shown it. */
const reloadInvitations = soon(COLLECT_MS, () => {
  const user = me.value?.id;
  if (user === undefined || document.visibilityState === "hidden") return;
  invitationsOf(parley)
    .list()
    .then(
      (list) => {
        if (me.value?.id === user) invitations.value = list;
      },
      () => undefined,
    );
});

/** Follows the invitations of who is signed in. */
export function watchInvitations(): void {
  let owner: string | undefined;
  me.subscribe((user) => {
    if (user?.id === owner) return;
    owner = user?.id;
    invitations.value = undefined;
    reloadInvitations();
  });
  document.addEventListener("visibilitychange", reloadInvitations);
  addEventListener("focus", reloadInvitations);
  parley.status.subscribe(({ state }) => {
    if (state === "online") reloadInvitations();
  });
}
