import { authenticate } from "@parley/identity/authenticate";
import type { VerifyToken } from "@parley/identity/identity";
import type { User } from "../rooms/rules/user.ts";

/**
 * The user on whose behalf a request acts, from its bearer token.
 *
 * @throws {Problem} 401 if the token is missing or not valid
 */
export async function actorOf(
  request: Parameters<typeof authenticate>[0],
  verifyToken: VerifyToken,
): Promise<User> {
  const { userId, username } = await authenticate(request, verifyToken);
  return { id: userId, username };
}
