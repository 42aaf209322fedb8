import type { Socket } from "node:net";
import cors, { type FastifyCorsOptionsDelegateCallback } from "@fastify/cors";
import helmet from "@fastify/helmet";
import { type TypeBoxTypeProvider, TypeBoxValidatorCompiler } from "@fastify/type-provider-typebox";
import Fastify, {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from "fastify";
import { addressKey } from "./address-key.ts";
import type { App } from "./app.ts";
import { addDocs } from "./docs-routes.ts";
import { type Check, createReadiness } from "./health.ts";
import { addHealth } from "./health-routes.ts";
import { addHomePage, type HomeLink } from "./home-page.ts";
import {
  faultOf,
  problemOfError,
  refuseConnect,
  refuseConnection,
  refuseUrl,
  sendProblem,
} from "./http-errors.ts";
import { addJsonBody } from "./json-body.ts";
import type { Limits } from "./limits.ts";
import type { Log } from "./log.ts";
import { Metrics } from "./metrics.ts";
import { buildOperators } from "./operators.ts";
import { Problem, ProblemBody } from "./problem.ts";
import { addProcessMetrics } from "./process-metrics.ts";
import { limitRoutes } from "./route-limits.ts";
import { RouteMethods } from "./route-methods.ts";
import { charge } from "./token-bucket.ts";
import { fastifyTrust, type TrustProxy } from "./trust-proxy.ts";
import type { Authenticate } from "./user-limits.ts";
import { REQUEST_COST, WorkBudgets } from "./work.ts";

export type { App } from "./app.ts";

type HttpOptions = Readonly<{
  service: string;
  title: string;
  description: string;
  log: Log;
  /** Checks of the service's dependencies, run by `GET /health/ready` and listed by `GET /health/detail` for operators. */
  checks: Readonly<Record<string, Check>>;
  /** Exact origins of web pages that may call this service. */
  allowedOrigins: readonly string[];
  trustProxy: TrustProxy;
  limits: Limits;
  /** False for a service that has something of its own at `/` instead of a page of links. Default true. */
  hasHomePage?: boolean;
  /** Links of the page at `/`, before those that every service has. */
  homeLinks?: readonly HomeLink[];
  /** Identifies the user of routes whose schema has `security`; `request.caller` is what it resolves with. */
  authenticate?: Authenticate;
  /** Path under which an edge serves this service, such as `/auth`; taken off the path of a request that has it. */
  publicPrefix?: string;
  /** Largest request body, bytes. */
  bodyBytesMax: number;
  /** JSON Pointers to texts of a body that are refused as `too_large`, not `bad_frame`, if they are too long. */
  tooLargePaths?: readonly string[];
  metrics?: Metrics;
}>;

const REQUEST_DEADLINE_MS = 30_000;
const HEADER_BYTES_MAX = 16_384;
/** How long a connection may take to send the headers of a request, ms; checked each second. */
const HEADER_DEADLINE_MS = 5_000;

/** For handshakes of WebSockets, to which CORS does not apply: the door checks their origin. */
const NO_CORS = { origin: false };
/** Headers that pages of other origins may read. */
const EXPOSED_HEADERS = ["RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "Retry-After"];

/**
 * Builds what every HTTP service has: TypeBox validation that coerces and strips nothing, problem+json errors, health,
 * Swagger UI at `/docs` and OpenAPI 3.1 at `/docs/json`. It opens no port.
 */
export async function buildHttp(options: HttpOptions): Promise<App> {
  const { publicPrefix = "" } = options;
  const budgets = new WorkBudgets(options.limits.workPerSecond);
  /** Charges an address for a request that no hook sees. */
  const owe = (address = "") => {
    if (options.limits.isLimited && !options.limits.isProxy(address))
      charge(budgets.addresses.of(addressKey(address), performance.now()), REQUEST_COST);
  };
  const app = Fastify({
    loggerInstance: options.log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    trustProxy: fastifyTrust(options.trustProxy),
    bodyLimit: options.bodyBytesMax,
    requestTimeout: REQUEST_DEADLINE_MS,
    maxHeaderSize: HEADER_BYTES_MAX,
    http: {
      // node:http would answer without a problem, and without a price; `faultOf` does it.
      requireHostHeader: false,
      maxHeaderSize: HEADER_BYTES_MAX,
      headersTimeout: HEADER_DEADLINE_MS,
      connectionsCheckingInterval: 1_000,
    },
    return503OnClosing: true,
    forceCloseConnections: true,
    frameworkErrors: (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
      owe(request.ip);
      refuseUrl(error, request, reply);
    },
    ...(publicPrefix === "" ? {} : { rewriteUrl: withoutPrefix(publicPrefix) }),
    clientErrorHandler: (error: Error, socket: Socket) => {
      owe(socket.remoteAddress);
      refuseConnection(error, socket);
    },
    // The schema of a route limits its parameters; the router's own limit would answer 404.
    routerOptions: { maxParamLength: HEADER_BYTES_MAX },
  } as object).withTypeProvider<TypeBoxTypeProvider>() as unknown as App;
  app.server.on("connect", (_request, stream) => {
    const socket = stream as Socket;
    owe(socket.remoteAddress);
    refuseConnect(socket);
  });
  // What is expected beside 100-continue is ignored (RFC 9110 section 10.1.1): node:http would answer 417 without a problem.
  app.server.on("checkExpectation", (request, response) => app.server.emit("request", request, response));
  app.setValidatorCompiler(TypeBoxValidatorCompiler);
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const problem = problemOfError(error, options.tooLargePaths);
    const isExpected = error instanceof Problem || isAborted(error, request);
    if (problem.status >= 500 && !isExpected)
      request.log.error({ err: error, req: request }, "request failed");
    return sendProblem(reply, problem);
  });
  // After the limits of a route, unlike a hook of `onRequest`.
  app.addHook("preParsing", ({ raw }, _reply, payload, done) => done(faultOf(raw), payload));
  addJsonBody(app as unknown as FastifyInstance);
  const methods = addMethods(app);
  const crossOrigin = {
    origin: [...options.allowedOrigins],
    credentials: true,
    exposedHeaders: EXPOSED_HEADERS,
    strictPreflight: false,
  };
  const delegator: FastifyCorsOptionsDelegateCallback = ({ method, url, headers }, done) => {
    if (method === "OPTIONS") done(null, { ...crossOrigin, methods: methods.of(url) });
    else done(null, headers.upgrade?.toLowerCase() === "websocket" ? NO_CORS : crossOrigin);
  };
  // Before CORS, so that preflights are limited too.
  await limitRoutes(app, budgets, options.limits, options.authenticate);
  await app.register(cors, { delegator });
  await app.register(helmet, { contentSecurityPolicy: false });
  // Before a body is read: Fastify has rules of its own for bodies of some methods.
  app.addHook("onRequest", (request, reply, done) => {
    if (request.is404) refuseRoute(methods, request, reply);
    else done();
  });
  await addDocs(app, { ...options, publicPrefix });
  app.addSchema(ProblemBody);
  const askReadiness = createReadiness(options.checks);
  if (options.hasHomePage ?? true) addHomePage(app, options);
  addHealth(app, options.service, askReadiness);
  const metrics = options.metrics ?? new Metrics();
  addProcessMetrics(metrics, options.checks, askReadiness);
  const operators = buildOperators(options.service, askReadiness, metrics);
  app.addHook("onClose", () => operators.close());
  app.decorate("operators", operators);
  app.decorate("budgets", budgets);
  app.decorate("publicPrefix", publicPrefix);
  return app;
}

/** Whether a client went away before it had sent its body: no fault of ours, and nobody hears the answer. */
const isAborted = ({ code }: { code?: string }, { raw }: FastifyRequest): boolean =>
  code === "ECONNRESET" && raw.destroyed && !raw.complete;

/** Takes a prefix off the path of a request that has it: an edge may keep it or not. */
function withoutPrefix(prefix: string): (request: { url?: string }) => string {
  return ({ url = "/" }) => {
    const rest = url.startsWith(prefix) ? url.slice(prefix.length) : "x";
    if (rest.startsWith("/")) return rest;
    return rest === "" || rest.startsWith("?") ? `/${rest}` : url;
  };
}

/** Answers a path that has routes for other methods with 405 and their list, any other with 404. */
function addMethods(app: App): RouteMethods {
  const methods = new RouteMethods();
  app.addHook("onRoute", ({ url, method }) => {
    if (url !== "*" && url !== "/*") methods.add(url, method);
  });
  app.setNotFoundHandler((request, reply) => refuseRoute(methods, request, reply));
  return methods;
}

function refuseRoute(
  methods: RouteMethods,
  { method, url }: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const allowed = methods.of(url);
  if (allowed.length === 0 || allowed.includes(method))
    return sendProblem(reply, new Problem(404, "not_found", `there is no ${method} here; see /docs`));
  reply.header("allow", allowed.join(", "));
  const detail = `${method} is not for this path, which takes ${allowed.join(", ")}`;
  return sendProblem(reply, new Problem(405, "method_not_allowed", detail));
}
