import { join } from "node:path";
import { type Credentials, newPassword } from "@parley/devstack/accounts";

/** Somebody whom `make start` makes, to sign in as. */
export type DemoUser = Required<Credentials>;

/** A demo user with a new password. */
export function newDemoUser(displayName: string): DemoUser {
  return { username: displayName.toLowerCase(), password: newPassword(), displayName };
}

/** Where `make start` keeps the passwords of its demo users. */
export const demoUsersFile = (dataDir: string): string => join(dataDir, "demo-users.json");
