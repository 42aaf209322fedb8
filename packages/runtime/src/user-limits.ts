import type { FastifyReply, FastifyRequest, RouteOptions } from "fastify";
import { addressKey } from "./address-key.ts";
import type { App } from "./app.ts";
import { Problem } from "./problem.ts";
import { RequestsAtOnce } from "./requests-at-once.ts";
import { type Bucket, charge, waitFor } from "./token-bucket.ts";
import { REFUSED_COST, REQUEST_COST, type WorkBudgets } from "./work.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /**
     * All of the work for a request, in units of `work.ts`; a function sees the request before its query is checked. A
     * public route has a constant.
     */
    cost?: number | ((request: FastifyRequest) => number);
    /** Whether it is answered also while the event loop is late. */
    isServedLate?: boolean;
  }
  interface FastifyRequest {
    /** Whose token the request brought, on routes with `security`: what `Authenticate` resolved with. */
    caller: unknown;
  }
}

/** Identifies the user of a request by its headers. @throws {Problem} 401, or 503 while tokens cannot be verified */
export type Authenticate = (request: FastifyRequest) => Promise<Readonly<{ userId: string }>>;

/** Retry delay while too many requests of a user wait, ms. */
const BUSY_RETRY_MS = 1_000;

/** Whether a route needs a token: its schema names a security scheme. */
export const isSecured = ({ schema }: RouteOptions): boolean =>
  ((schema as { security?: readonly unknown[] } | undefined)?.security?.length ?? 0) > 0;

/** Requests that are being served, with the budget of their user. */
const SERVED = new WeakMap<FastifyRequest, Readonly<{ userId: string; user: Bucket }>>();

/**
 * Charges work whose size a route knows only when it is done to the user's budget.
 *
 * @example chargeDone(request, rows.length / 10)
 */
export function chargeDone(request: FastifyRequest, units: number): void {
  const served = SERVED.get(request);
  if (served) charge(served.user, units);
}

/** Authenticates requests of routes with `security`, and charges and queues them by user. */
export function limitUsers(
  app: App,
  budgets: WorkBudgets,
  isLimited: boolean,
  authenticate: Authenticate,
): void {
  const atOnce = new RequestsAtOnce();
  const begin = async (request: FastifyRequest, reply: FastifyReply) => {
    const caller = await authenticate(request);
    request.caller = caller;
    const { userId } = caller;
    if (!isLimited) return;
    const user = pay(request, reply, userId, budgets);
    const answer = atOnce.begin(userId);
    if (!(typeof answer === "boolean" ? answer : await answer)) throw tooMany("at once", BUSY_RETRY_MS);
    SERVED.set(request, { userId, user });
  };
  /** As soon as a request is answered, also to nobody: a client that went away has not ended the work. */
  const end = (request: FastifyRequest, _reply: FastifyReply, payload: unknown, done: Done) => {
    const served = SERVED.get(request);
    if (served && SERVED.delete(request)) atOnce.end(served.userId);
    done(null, payload);
  };
  app.addHook("onRoute", (route) => {
    if (!isSecured(route)) return;
    addHook(route, "onRequest", begin);
    addHook(route, "onSend", end);
  });
}

type Done = (error: null, payload: unknown) => void;

/** Adds a hook to a route, once: Fastify makes a HEAD route of the options of a GET route. */
function addHook(route: RouteOptions, name: "onRequest" | "onSend", hook: unknown): void {
  const hooks = [route[name] ?? []].flat() as unknown[];
  if (!hooks.includes(hook)) route[name] = [...hooks, hook] as never;
}

const tooMany = (what: string, retryAfterMs: number) =>
  new Problem(429, "rate_limited", `too many requests ${what}`, { retryAfterMs });

/** Takes the cost of a request from the budgets of its user and address, and tells the user's in `RateLimit` headers. */
function pay(
  request: FastifyRequest,
  reply: FastifyReply,
  userId: string,
  { users, addresses }: WorkBudgets,
): Bucket {
  const now = performance.now();
  const declared = request.routeOptions.config.cost ?? REQUEST_COST;
  const cost = typeof declared === "number" ? declared : declared(request);
  const user = users.of(userId, now);
  const address = addresses.of(addressKey(request.ip), now);
  const wait = waitFor(user, cost, now) || waitFor(address, cost, now);
  charge(user, wait === 0 ? cost : REFUSED_COST);
  // What every request costs was paid before.
  if (wait === 0) charge(address, Math.max(0, cost - REQUEST_COST));
  reply.header("ratelimit-limit", users.burst);
  reply.header("ratelimit-remaining", Math.max(0, Math.floor(user.units)));
  // When it is enough for this request, or full.
  reply.header("ratelimit-reset", Math.ceil((wait || waitFor(user, users.burst, now)) / 1_000));
  if (wait > 0) throw tooMany("of this user", wait);
  return user;
}
