import type { Scope } from "@parley/identity/service-token";
import type { Log } from "@parley/runtime/log";
import type { AnnounceRevocations } from "./announce-revocations.ts";
import { AuthError } from "./auth-error.ts";
import { createServiceToken, hashToken } from "./refresh-token.ts";
import type { ServiceAccount, ServiceAccounts, ServiceToken } from "./service-accounts.ts";
import { acceptDisplayName, acceptUsername, isId } from "./users.ts";
import type { Caller } from "./verify-token.ts";

type NewAccount = Readonly<{
  name: string;
  /** The name, if it is left out. */
  displayName?: string;
  scopes: readonly Scope[];
  /** Life of the first token; left out: without an end. */
  expiresInDays?: number;
}>;

/** What admins do with service accounts. A token is in the answer that makes it, and nowhere else. */
export interface ManageServiceAccounts {
  /** @throws {AuthError} `bad_frame` if a name breaks a rule, `username_taken`, `quota_exceeded`, `unavailable`. */
  create(admin: Caller, account: NewAccount): Promise<ServiceAccount & Readonly<{ token: string }>>;
  /** All, newest first. @throws {AuthError} `unavailable`. */
  list(): Promise<ServiceAccount[]>;
  /** Revokes all tokens of an account. @throws {AuthError} `service_account_not_found`, `unavailable`. */
  remove(admin: Caller, id: string): Promise<void>;
  /** @throws {AuthError} `service_account_not_found`, `quota_exceeded`, `unavailable`. */
  addToken(admin: Caller, id: string, days?: number): Promise<ServiceToken & Readonly<{ token: string }>>;
  /** Revokes one token. @throws {AuthError} `token_not_found`, `unavailable`. */
  removeToken(admin: Caller, id: string, tokenId: string): Promise<void>;
}

type Dependencies = Readonly<{
  accounts: ServiceAccounts;
  limits: Readonly<{ SERVICE_ACCOUNTS_MAX: number; SERVICE_TOKENS_MAX: number }>;
  announce: AnnounceRevocations;
  log: Log;
}>;

const notFound = () =>
  new AuthError("service_account_not_found", "there is no service account with this id", { path: "/id" });

export function createManageServiceAccounts(dependencies: Dependencies): ManageServiceAccounts {
  const { accounts, limits, announce, log } = dependencies;
  const over = (name: keyof typeof limits) =>
    new AuthError("quota_exceeded", `${name}: at most ${limits[name]}; revoke one first`);
  /** What was changed, and by whom. */
  const note = ({ user }: Caller, what: string, facts: object) => log.info({ by: user.id, ...facts }, what);
  return {
    async create(admin, { name, displayName = name, scopes, expiresInDays: days }) {
      const token = createServiceToken();
      const added = await accounts.add({
        name: acceptUsername(name, "/name"),
        displayName: acceptDisplayName(displayName),
        scopes,
        createdBy: admin.user,
        tokenHash: hashToken(token),
        days,
      });
      if (added === "over_quota") throw over("SERVICE_ACCOUNTS_MAX");
      if (added === "taken") throw new AuthError("username_taken", "this name is taken", { path: "/name" });
      note(admin, "service account made", { serviceAccount: added.id, name, scopes, days });
      return { ...added, token };
    },
    list: () => accounts.list(),
    async remove(admin, id) {
      const revoked = isId(id) ? await accounts.remove(id) : undefined;
      if (!revoked) throw notFound();
      note(admin, "service account removed", { serviceAccount: id, revokedTokens: revoked.length });
      announce(revoked);
    },
    async addToken(admin, id, days) {
      const token = createServiceToken();
      const added = isId(id) ? await accounts.addToken(id, hashToken(token), days) : undefined;
      if (!added) throw notFound();
      if (added === "over_quota") throw over("SERVICE_TOKENS_MAX");
      note(admin, "service token made", { serviceAccount: id, tokenId: added.id, days });
      return { ...added, token };
    },
    async removeToken(admin, id, tokenId) {
      const isPossible = isId(id) && isId(tokenId);
      const revoked = isPossible ? await accounts.removeToken(id, tokenId) : undefined;
      if (!revoked)
        throw new AuthError("token_not_found", "the account has no open token with this id", {
          path: "/token",
        });
      note(admin, "service token revoked", { serviceAccount: id, tokenId });
      announce([revoked]);
    },
  };
}
