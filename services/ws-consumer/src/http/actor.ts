import { identityOf } from "@parley/identity/authenticate";
import type { User } from "../rooms/rules/user.ts";

/** The user on whose behalf a request acts, on a route with `security`. */
export function actorOf(request: Readonly<{ caller: unknown }>): User {
  const { userId, username } = identityOf(request);
  return { id: userId, username };
}
