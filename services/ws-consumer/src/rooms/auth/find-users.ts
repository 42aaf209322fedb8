import type { AuthServiceClient, GetUsersResponse } from "@parley/proto/auth/v1/auth";
import { Refusal } from "@parley/protocol/codes";
import { withDeadline } from "@parley/runtime/deadline";
import type { FindUsers } from "../find-users.ts";

/** Deadline of a call to auth, ms. */
const CALL_DEADLINE_MS = 2_000;
/** Users per call; auth's limit. */
const USERS_MAX = 100;

/** Creates the look-up of users in auth, where those of deleted accounts count as unknown. It throws the refusal `unavailable` while auth does not answer. */
export function createFindUsers(auth: AuthServiceClient): FindUsers {
  const ask = async (ids: readonly string[]): Promise<GetUsersResponse> => {
    const answer = new Promise<GetUsersResponse>((resolve, reject) => {
      auth.getUsers({ ids: [...ids] }, (error, users) => (error ? reject(error) : resolve(users)));
    });
    return withDeadline(answer, CALL_DEADLINE_MS, "auth").catch(() => {
      throw new Refusal("unavailable", "auth does not answer", { retryAfterMs: 1_000 });
    });
  };
  return async (ids) => {
    const pages: Promise<GetUsersResponse>[] = [];
    for (let i = 0; i < ids.length; i += USERS_MAX) pages.push(ask(ids.slice(i, i + USERS_MAX)));
    return (await Promise.all(pages)).flatMap(({ users, deletedIds }) =>
      users.filter(({ id }) => !deletedIds.includes(id)).map(({ id, username }) => ({ id, username })),
    );
  };
}
