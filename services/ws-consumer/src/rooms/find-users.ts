import { RoomError } from "./rules/rights.ts";
import type { User } from "./rules/user.ts";

/** Looks users up by id; unknown ids are left out. */
export type FindUsers = (ids: readonly string[]) => Promise<readonly User[]>;

/** Looks users up who must exist. @throws {RoomError} `user_not_found` */
export async function demandUsers(ids: readonly string[], findUsers: FindUsers): Promise<readonly User[]> {
  if (ids.length === 0) return [];
  const users = await findUsers(ids);
  const missing = ids.find((id) => !users.some((user) => user.id === id));
  if (missing !== undefined) throw new RoomError("user_not_found", `there is no user ${missing}`);
  return users;
}
