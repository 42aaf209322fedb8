import type { User } from "@parley/client";
import { accountOf, type Block } from "@parley/client/account";
import { signal } from "@preact/signals";
import { parley } from "./parley.ts";
import { me } from "./session.ts";

/** Whom the user has blocked, the newest first; undefined until it is known. */
export const blocks = signal<readonly Block[] | undefined>(undefined);
let owner: string | undefined;

/** Asks whom the user has blocked, unless that is known. @throws {ParleyError} */
export async function loadBlocks(): Promise<readonly Block[]> {
  const user = me.value?.id;
  if (blocks.value === undefined || owner !== user) {
    blocks.value = await accountOf(parley).blocks();
    owner = user;
  }
  return blocks.value;
}

/** Whether the user has blocked somebody, as far as it is known. */
export const isBlocked = (userId: string): boolean =>
  blocks.value?.some(({ user }) => user.id === userId) ?? false;

/** @throws {ParleyError} */
export async function block({ id }: User): Promise<void> {
  const added = await accountOf(parley).block(id);
  blocks.value = [added, ...(blocks.value ?? []).filter(({ user }) => user.id !== id)];
}

/** @throws {ParleyError} */
export async function unblock({ id }: User): Promise<void> {
  await accountOf(parley).unblock(id);
  blocks.value = blocks.value?.filter(({ user }) => user.id !== id);
}
