import type { Log } from "@parley/runtime/log";
import { AuthError } from "./auth-error.ts";
import { addressHash, strangerTurn } from "./check-password.ts";
import type { Hasher } from "./hasher.ts";
import type { Limits } from "./limits.ts";
import { acceptPassword } from "./password-rules.ts";
import type { AdmitRegistration } from "./registration.ts";
import { acceptDisplayName, acceptUsername, type User, type Users } from "./users.ts";

type RegisterRequest = Readonly<{
  username: string;
  password: string;
  /** Empty: the username. */
  displayName: string;
  /** Code of an invite link; empty for none. */
  invite: string;
  /** The address that the limit of registrations counts. */
  address: string;
}>;

/**
 * Creates an account.
 *
 * @throws {AuthError} `bad_frame` with the field that breaks a rule, `registration_closed`, `invite_invalid`,
 * `username_taken`, `rate_limited`, `unavailable`.
 */
export type Register = (request: RegisterRequest) => Promise<User>;

const taken = () => new AuthError("username_taken", "this username is taken", { path: "/username" });

type Dependencies = Readonly<{
  users: Users;
  hasher: Hasher;
  limits: Limits;
  admit: AdmitRegistration;
  /** Whoever registers this name becomes an admin. */
  adminUsername: string | undefined;
  log: Log;
}>;

export function createRegister(dependencies: Dependencies): Register {
  const { users, hasher, limits, admit, adminUsername, log } = dependencies;
  return async (request) => {
    const username = acceptUsername(request.username);
    const displayName = request.displayName === "" ? username : acceptDisplayName(request.displayName);
    const password = acceptPassword(request.password, username);
    const turn = strangerTurn(username, request.address);
    await limits.countRegistration(turn.address);
    await admit(request.invite);
    // Saves hashing for most taken names; the statement that adds the account decides.
    if (await users.findByName(username, "")) throw taken();
    // What a registration uses counts for its address alone: nobody has logged in yet.
    const passwordHash = await hasher.hash(password, { ...turn, account: `new ${turn.account}` });
    const role = turn.account === adminUsername?.toLowerCase() ? "admin" : "user";
    const user = await users.add({
      username,
      displayName,
      passwordHash,
      addressHash: addressHash(turn.account, turn.address),
      role,
    });
    if (!user) throw taken();
    if (role === "admin") log.info({ by: "ADMIN_USERNAME", user: user.id, role }, "role changed");
    return user;
  };
}
