import { Refusal } from "@parley/protocol/codes";
import type { Identities } from "./identity.ts";
import type { Scope } from "./service-token.ts";

/**
 * The same identities, where a service token needs a scope. People may do everything that their rights allow.
 *
 * @example scoped(identities, "messages:write").verify(token) // `forbidden` for a service token without it
 */
export function scoped(identities: Identities, scope: Scope): Identities {
  return {
    ...identities,
    verify: async (token) => {
      const identity = await identities.verify(token);
      if (!identity.scopes || identity.scopes.includes(scope)) return identity;
      throw new Refusal("forbidden", `this service token has not the scope ${scope}`);
    },
  };
}
