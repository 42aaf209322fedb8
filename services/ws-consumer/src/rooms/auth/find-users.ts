import type { AuthServiceClient, GetUsersResponse } from "@parley/proto/auth/v1/auth";
import { Refusal } from "@parley/protocol/codes";
import { withDeadline } from "@parley/runtime/deadline";
import type { FindUsers } from "../change-rooms.ts";

/** How long auth may take to answer, ms. */
const CALL_DEADLINE_MS = 2_000;
/** Users that auth gives at once. */
const USERS_MAX = 100;

/** Asks auth who the users of these ids are. @throws {Refusal} `unavailable` while it does not answer. */
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
    return (await Promise.all(pages)).flatMap(({ users }) =>
      users.map(({ id, username }) => ({ id, username })),
    );
  };
}
