import rateLimit from "@fastify/rate-limit";
import type { RouteOptions } from "fastify";
import { addressKey } from "./address-key.ts";
import type { App } from "./app.ts";
import { capConnections } from "./connection-cap.ts";
import type { Limits } from "./limits.ts";
import { Problem } from "./problem.ts";
import { charge, waitFor } from "./token-bucket.ts";
import { type Authenticate, isSecured, limitUsers } from "./user-limits.ts";
import { REFUSED_COST, REQUEST_COST, type WorkBudgets } from "./work.ts";

/** Seconds of its rate that an address may owe; beyond it, its connections are ended. */
const DEBT_S = 1;
/** How late a timer may be twice in a row, ms, before everything is refused; and how often one is looked at. */
const LATE_MAX_MS = 1_000;
const LOOK_MS = 500;

class OverloadedProblem extends Problem {
  constructor() {
    super(503, "overloaded", "this instance has too much to do", { retryAfterMs: 1_000 });
  }
}

/**
 * Limits every route by address before anything is done for a request, and authenticates and limits routes with
 * `security` by user before their body is read (docs/decisions/0042). Without limits it only authenticates. Call it
 * before routes are added.
 */
export async function limitRoutes(
  app: App,
  budgets: WorkBudgets,
  limits: Limits,
  authenticate: Authenticate | undefined,
): Promise<void> {
  if (limits.isLimited) {
    refuseWhenLate(app);
    await limitAddresses(app, budgets, limits);
  }
  app.decorateRequest("caller", null);
  if (authenticate) limitUsers(app, budgets, limits.isLimited, authenticate);
}

/**
 * Refuses requests while the event loop is late. `monitorEventLoopDelay`, and so @fastify/under-pressure, counts the time
 * in which Node 24 waits for something to do as delay: it refused the first request after a quiet second.
 */
function refuseWhenLate(app: App): void {
  let lookedAt = performance.now();
  let wasLate = false;
  let isLate = false;
  const timer = setInterval(() => {
    const now = performance.now();
    const isLateNow = now - lookedAt - LOOK_MS > LATE_MAX_MS;
    // One long piece of work, such as compressing a document for the first time, is over when it is noticed.
    isLate = isLateNow && wasLate;
    wasLate = isLateNow;
    lookedAt = now;
  }, LOOK_MS).unref();
  app.addHook("onClose", async () => clearInterval(timer));
  app.addHook("onRequest", ({ routeOptions }, _reply, done) =>
    isLate && !routeOptions.config.isServedLate ? done(new OverloadedProblem()) : done(),
  );
}

/** What an address pays: the whole cost of a public route, else that of any request. */
function publicCostOf(route: RouteOptions | undefined): number {
  const cost = route?.config?.cost;
  return route && typeof cost === "number" && !isSecured(route) ? cost : REQUEST_COST;
}

/**
 * Each request pays its address' budget. Answers 429 are owed; an address that owes too much is cut off, also when it
 * connects, until the debt is paid.
 */
async function limitAddresses(app: App, { addresses }: WorkBudgets, limits: Limits): Promise<void> {
  const { burst } = addresses;
  const isCutOff = (key: string) =>
    waitFor(addresses.of(key, performance.now()), 0, performance.now()) > DEBT_S * 1_000;
  capConnections(app.server, limits.connectionsPerAddress, limits.isProxy, isCutOff);
  /** Counts as the library's own stores do, but units of a budget that refills, and not requests of a window. */
  class UnitStore {
    readonly #route: RouteOptions | undefined;

    constructor({ routeInfo }: { routeInfo?: RouteOptions }) {
      this.#route = routeInfo;
    }

    incr(key: string, done: (error: null, counted: { current: number; ttl: number }) => void): void {
      const now = performance.now();
      const bucket = addresses.of(key, now);
      const cost = publicCostOf(this.#route);
      const wait = waitFor(bucket, cost, now);
      charge(bucket, wait === 0 ? cost : REFUSED_COST);
      if (wait > 0) done(null, { current: burst + 1, ttl: wait });
      else done(null, { current: Math.ceil(burst - bucket.units), ttl: waitFor(bucket, burst, now) });
    }

    child(options: { routeInfo?: RouteOptions }): UnitStore {
      return new UnitStore(options);
    }
  }
  app.addHook("onRoute", (route) => {
    route.config = { rateLimit: {}, ...route.config };
  });
  await app.register(rateLimit, {
    max: burst,
    enableDraftSpec: true,
    store: UnitStore as never,
    keyGenerator: ({ ip }) => addressKey(ip),
    onExceeded: ({ raw: { socket } }, key) => {
      if (isCutOff(key) && !limits.isProxy(socket.remoteAddress ?? "")) socket.resetAndDestroy();
    },
    errorResponseBuilder: (_request, { ttl }) =>
      new Problem(429, "rate_limited", "too many requests from this address", { retryAfterMs: ttl }),
  });
  const limitUnknown = app.rateLimit();
  app.addHook("onRequest", async (request, reply) => {
    if (request.is404 || request.method === "OPTIONS") await limitUnknown.call(app, request, reply);
  });
}
