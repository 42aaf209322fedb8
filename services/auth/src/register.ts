import { AuthError } from "./auth-error.ts";
import { addressHash, strangerTurn } from "./check-password.ts";
import type { Hasher } from "./hasher.ts";
import type { Limits } from "./limits.ts";
import { acceptPassword } from "./password-rules.ts";
import { acceptDisplayName, acceptUsername, type User, type Users } from "./users.ts";

type RegisterRequest = Readonly<{
  username: string;
  password: string;
  /** Empty: the username. */
  displayName: string;
  /** The address that the limit of registrations counts. */
  address: string;
}>;

/**
 * Creates an account.
 *
 * @throws {AuthError} `bad_frame` with the field that breaks a rule, `username_taken`, `rate_limited`, `unavailable`.
 */
export type Register = (request: RegisterRequest) => Promise<User>;

const taken = () => new AuthError("username_taken", "this username is taken", { path: "/username" });

export function createRegister(users: Users, hasher: Hasher, limits: Limits): Register {
  return async (request) => {
    const username = acceptUsername(request.username);
    const displayName = request.displayName === "" ? username : acceptDisplayName(request.displayName);
    const password = acceptPassword(request.password, username);
    const turn = strangerTurn(username, request.address);
    await limits.countRegistration(turn.address);
    // Saves hashing for most taken names; the statement that adds the account decides.
    if (await users.findByName(username, "")) throw taken();
    // What a registration uses counts for its address alone: nobody has logged in yet.
    const passwordHash = await hasher.hash(password, { ...turn, account: `new ${turn.account}` });
    const user = await users.add({
      username,
      displayName,
      passwordHash,
      addressHash: addressHash(turn.account, turn.address),
    });
    if (!user) throw taken();
    return user;
  };
}
