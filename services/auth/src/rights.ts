import type { Scope } from "@parley/identity/service-token";
import { AuthError } from "./auth-error.ts";
import type { Caller } from "./verify-token.ts";

/**
 * Whom a route lets in: people, that is every access token (the default); service tokens too; admins; or service tokens
 * with a scope.
 */
type Allowed = "people" | "everybody" | "admins" | Scope;

declare module "fastify" {
  interface FastifyContextConfig {
    /** Whom a route with `security` lets in; left out: people. */
    allowed?: Allowed;
  }
}

/** @throws {AuthError} `forbidden` if the caller is not of those who are let in. */
export function demandRight({ role, scopes }: Caller, allowed: Allowed = "people"): void {
  if (allowed === "everybody") return;
  if (allowed === "admins") {
    if (role !== "admin") throw new AuthError("forbidden", "this is for admins");
  } else if (allowed === "people") {
    if (scopes) throw new AuthError("forbidden", "this is not for service accounts");
  } else if (!scopes?.includes(allowed))
    throw new AuthError("forbidden", `this needs a service token of scope ${allowed}`);
}
