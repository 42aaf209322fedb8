import cors from "@fastify/cors";
import helmet from "@fastify/helmet";
import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import { type TypeBoxTypeProvider, TypeBoxValidatorCompiler } from "@fastify/type-provider-typebox";
import Fastify, {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  LogController,
} from "fastify";
import { Type } from "typebox";
import { askReadiness, type Check } from "./health.ts";
import type { Log } from "./log.ts";
import { Metrics } from "./metrics.ts";
import { Problem, ProblemBody, problemText } from "./problem.ts";

export type HttpOptions = Readonly<{
  service: string;
  title: string;
  description: string;
  log: Log;
  /** What the service needs; each is asked by `GET /health/ready`. */
  checks: Readonly<Record<string, Check>>;
  /** Exact origins of pages that may call this service. */
  allowedOrigins: readonly string[];
  trustProxy: boolean;
  /** Largest body that is read, bytes. */
  bodyBytesMax: number;
  metrics?: Metrics;
}>;

export type App = FastifyInstance<
  import("node:http").Server,
  import("node:http").IncomingMessage,
  import("node:http").ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

const REQUEST_DEADLINE_MS = 30_000;
const HEADER_BYTES_MAX = 16_384;

/** What the Swagger page may load. It styles itself inline; it must work over plain HTTP on any host. */
const DOCS_CSP = {
  "default-src": ["'self'"],
  "style-src": ["'self'", "'unsafe-inline'"],
  "img-src": ["'self'", "data:"],
  "object-src": ["'none'"],
  "base-uri": ["'none'"],
  "frame-ancestors": ["'none'"],
};

/** Codes for refusals that Fastify itself makes; anything else it refuses is a `bad_request`. */
const FRAMEWORK_CODES: Readonly<Record<string, string>> = {
  FST_ERR_VALIDATION: "bad_frame",
  FST_ERR_CTP_INVALID_JSON_BODY: "bad_json",
  FST_ERR_CTP_EMPTY_JSON_BODY: "bad_json",
  FST_ERR_CTP_BODY_TOO_LARGE: "too_large",
  FST_ERR_CTP_INVALID_MEDIA_TYPE: "unsupported_media_type",
};

function toProblem(error: FastifyError | Problem | Error): Problem {
  if (error instanceof Problem) return error;
  const status = "statusCode" in error && typeof error.statusCode === "number" ? error.statusCode : 500;
  if (status >= 500) return new Problem(500, "internal", "something went wrong on our side");
  const code = "code" in error ? (FRAMEWORK_CODES[error.code] ?? "bad_request") : "bad_request";
  const first = "validation" in error ? error.validation?.[0] : undefined;
  if (!first) return new Problem(status, code, error.message);
  const missing = (first.params as { requiredProperties?: string[] })?.requiredProperties?.[0];
  const path = missing === undefined ? first.instancePath : `${first.instancePath}/${missing}`;
  const detail = `${"validationContext" in error ? error.validationContext : "request"}${path} ${first.message}`;
  return new Problem(status, code, detail, { path });
}

function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  if (problem.retryAfterMs !== undefined)
    reply.header("retry-after", Math.ceil(problem.retryAfterMs / 1_000));
  return reply.code(problem.status).type("application/problem+json").send(problemText(problem));
}

/**
 * The HTTP face that every service has: TypeBox validation that coerces and strips nothing, problem+json errors,
 * health, metrics, Swagger UI at `/docs` and OpenAPI 3.1 at `/docs/json`. It opens no port.
 */
export async function buildHttp(options: HttpOptions): Promise<App> {
  const app = Fastify({
    loggerInstance: options.log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    trustProxy: options.trustProxy,
    bodyLimit: options.bodyBytesMax,
    requestTimeout: REQUEST_DEADLINE_MS,
    maxHeaderSize: HEADER_BYTES_MAX,
    http: { maxHeaderSize: HEADER_BYTES_MAX },
    return503OnClosing: true,
    forceCloseConnections: true,
  } as object).withTypeProvider<TypeBoxTypeProvider>() as unknown as App;
  app.setValidatorCompiler(TypeBoxValidatorCompiler);
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const problem = toProblem(error);
    if (problem.status >= 500 && !(error instanceof Problem))
      request.log.error({ err: error, req: request }, "request failed");
    return sendProblem(reply, problem);
  });
  app.setNotFoundHandler((request, reply) =>
    sendProblem(reply, new Problem(404, "not_found", `there is no ${request.method} here; see /docs`)),
  );
  await app.register(cors, { origin: [...options.allowedOrigins], credentials: true });
  await app.register(helmet, { contentSecurityPolicy: false });
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: { title: options.title, description: options.description, version: "1.0.0" },
      components: { securitySchemes: { bearer: { type: "http", scheme: "bearer", bearerFormat: "JWT" } } },
    },
    refResolver: {
      buildLocalReference: (json, _base, _fragment, i) => (json.$id as string | undefined) ?? `schema-${i}`,
    },
  });
  await app.register(swaggerUi, { routePrefix: "/docs", staticCSP: DOCS_CSP });
  app.addSchema(ProblemBody);
  addHealth(app, options);
  addMetrics(app, options.metrics ?? new Metrics());
  return app;
}

function addHealth(app: App, { service, checks }: HttpOptions): void {
  const Ready = Type.Object({
    status: Type.String(),
    service: Type.String(),
    checks: Type.Record(Type.String(), Type.String(), { description: "ok, or what is wrong, for each part" }),
  });
  const Short = Type.Object({ status: Type.String(), service: Type.String(), time: Type.String() });
  const tags = ["health"];
  app.get(
    "/health/live",
    { schema: { tags, summary: "the process runs", response: { 200: Short } } },
    async () => ({ status: "live", service, time: new Date().toISOString() }),
  );
  app.get(
    "/health/ready",
    { schema: { tags, summary: "every part that it needs answers", response: { 200: Ready, 503: Ready } } },
    async (_request, reply) => {
      const { ready, checks: answers } = await askReadiness(checks);
      return reply
        .code(ready ? 200 : 503)
        .send({ status: ready ? "ready" : "not_ready", service, checks: answers });
    },
  );
  app.get(
    "/health",
    { schema: { tags, summary: "the short form", response: { 200: Short, 503: Short } } },
    async (_request, reply) => {
      const { ready } = await askReadiness(checks);
      const status = ready ? "healthy" : "unhealthy";
      return reply.code(ready ? 200 : 503).send({ status, service, time: new Date().toISOString() });
    },
  );
}

function addMetrics(app: App, { registry }: Metrics): void {
  const schema = { tags: ["health"], summary: "Prometheus metrics" };
  app.get("/metrics", { schema }, async (_request, reply) =>
    reply.type(registry.contentType).send(await registry.metrics()),
  );
}
