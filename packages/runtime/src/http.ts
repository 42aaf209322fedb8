import cors, { type FastifyCorsOptionsDelegateCallback } from "@fastify/cors";
import helmet from "@fastify/helmet";
import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import { type TypeBoxTypeProvider, TypeBoxValidatorCompiler } from "@fastify/type-provider-typebox";
import Fastify, {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  LogController,
} from "fastify";
import { Type } from "typebox";
import { documentOptions } from "./documents.ts";
import { type Check, createReadiness, type Readiness } from "./health.ts";
import { checkEncoding, problemOfError, refuseConnection, refuseUrl, sendProblem } from "./http-errors.ts";
import { addJsonBody } from "./json-body.ts";
import type { Log } from "./log.ts";
import { Metrics } from "./metrics.ts";
import { buildOperators } from "./operators.ts";
import { Problem, ProblemBody } from "./problem.ts";
import { RouteMethods } from "./route-methods.ts";
import { fastifyTrust, type TrustProxy } from "./trust-proxy.ts";

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
  /** Largest request body, bytes. */
  bodyBytesMax: number;
  /** JSON Pointers to texts of a body that are refused as `too_large`, not `bad_frame`, if they are too long. */
  tooLargePaths?: readonly string[];
  metrics?: Metrics;
}>;

export type App = FastifyInstance<
  import("node:http").Server,
  import("node:http").IncomingMessage,
  import("node:http").ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
> & {
  /** What operators may see, on a port of its own. */
  readonly operators: FastifyInstance;
};

const REQUEST_DEADLINE_MS = 30_000;
const HEADER_BYTES_MAX = 16_384;
/** How long a connection may take to send the headers of a request, ms; checked each second. */
const HEADER_DEADLINE_MS = 5_000;

/** Headers that pages of other origins may read. */
const EXPOSED_HEADERS = ["RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "Retry-After"];

/** Content security policy of the Swagger page: it has inline styles, and must work over plain HTTP on any host. */
const DOCS_CSP = {
  "default-src": ["'self'"],
  "style-src": ["'self'", "'unsafe-inline'"],
  "img-src": ["'self'", "data:"],
  "object-src": ["'none'"],
  "base-uri": ["'none'"],
  "frame-ancestors": ["'none'"],
};

/**
 * Builds what every HTTP service has: TypeBox validation that coerces and strips nothing, problem+json errors, health,
 * Swagger UI at `/docs` and OpenAPI 3.1 at `/docs/json`. It opens no port.
 */
export async function buildHttp(options: HttpOptions): Promise<App> {
  const app = Fastify({
    loggerInstance: options.log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    trustProxy: fastifyTrust(options.trustProxy),
    bodyLimit: options.bodyBytesMax,
    requestTimeout: REQUEST_DEADLINE_MS,
    maxHeaderSize: HEADER_BYTES_MAX,
    http: {
      maxHeaderSize: HEADER_BYTES_MAX,
      headersTimeout: HEADER_DEADLINE_MS,
      connectionsCheckingInterval: 1_000,
    },
    return503OnClosing: true,
    forceCloseConnections: true,
    frameworkErrors: refuseUrl,
    clientErrorHandler: refuseConnection,
    // The schema of a route limits its parameters; the router's own limit would answer 404.
    routerOptions: { maxParamLength: HEADER_BYTES_MAX },
  } as object).withTypeProvider<TypeBoxTypeProvider>() as unknown as App;
  app.setValidatorCompiler(TypeBoxValidatorCompiler);
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const problem = problemOfError(error, options.tooLargePaths);
    if (problem.status >= 500 && !(error instanceof Problem))
      request.log.error({ err: error, req: request }, "request failed");
    return sendProblem(reply, problem);
  });
  app.addHook("onRequest", async ({ raw }) => checkEncoding(raw));
  addJsonBody(app as unknown as FastifyInstance);
  const methods = addMethods(app);
  const crossOrigin = {
    origin: [...options.allowedOrigins],
    credentials: true,
    exposedHeaders: EXPOSED_HEADERS,
    strictPreflight: false,
  };
  const delegator: FastifyCorsOptionsDelegateCallback = ({ method, url }, done) =>
    done(null, method === "OPTIONS" ? { ...crossOrigin, methods: methods.of(url) } : crossOrigin);
  await app.register(cors, { delegator });
  await app.register(helmet, { contentSecurityPolicy: false });
  await app.register(swagger, documentOptions(options.title, options.description));
  await app.register(swaggerUi, { routePrefix: "/docs", staticCSP: DOCS_CSP });
  app.addSchema(ProblemBody);
  const askReadiness = createReadiness(options.checks);
  addHealth(app, options.service, askReadiness);
  const operators = buildOperators(options.service, askReadiness, options.metrics ?? new Metrics());
  app.addHook("onClose", () => operators.close());
  app.decorate("operators", operators);
  return app;
}

/** Answers a path that has routes for other methods with 405 and their list, any other with 404. */
function addMethods(app: App): RouteMethods {
  const methods = new RouteMethods();
  app.addHook("onRoute", ({ url, method }) => {
    if (url !== "*" && url !== "/*") methods.add(url, method);
  });
  app.setNotFoundHandler((request, reply) => {
    const allowed = methods.of(request.url);
    if (allowed.length === 0)
      return sendProblem(
        reply,
        new Problem(404, "not_found", `there is no ${request.method} here; see /docs`),
      );
    reply.header("allow", allowed.join(", "));
    const detail = `${request.method} is not for this path, which takes ${allowed.join(", ")}`;
    return sendProblem(reply, new Problem(405, "method_not_allowed", detail));
  });
  return methods;
}

function addHealth(app: App, service: string, askReadiness: () => Promise<Readiness>): void {
  const Ready = Type.Object({ status: Type.String(), service: Type.String() });
  const Short = Type.Object({ status: Type.String(), service: Type.String(), time: Type.String() });
  const tags = ["health"];
  app.get(
    "/health/live",
    { schema: { tags, summary: "whether the process runs", response: { 200: Short } } },
    async () => ({ status: "live", service, time: new Date().toISOString() }),
  );
  app.get(
    "/health/ready",
    { schema: { tags, summary: "whether every dependency is ready", response: { 200: Ready, 503: Ready } } },
    async (_request, reply) => {
      const { ready } = await askReadiness();
      return reply.code(ready ? 200 : 503).send({ status: ready ? "ready" : "not_ready", service });
    },
  );
  app.get(
    "/health",
    { schema: { tags, summary: "the same without the checks", response: { 200: Short, 503: Short } } },
    async (_request, reply) => {
      const { ready } = await askReadiness();
      const status = ready ? "healthy" : "unhealthy";
      return reply.code(ready ? 200 : 503).send({ status, service, time: new Date().toISOString() });
    },
  );
}
