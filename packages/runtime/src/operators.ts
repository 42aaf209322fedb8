import Fastify, { type FastifyInstance } from "fastify";
import type { Readiness } from "./health.ts";
import type { Metrics } from "./metrics.ts";
import { VERSION } from "./version.ts";

/** Where a service listens: for everybody, and for operators. */
type ListenAt = Readonly<{ host: string; port: number; metricsHost: string; metricsPort: number }>;

/**
 * The routes for operators, on a port of their own because they tell more than the public should know:
 * `GET /metrics` for Prometheus, `GET /health/detail` with what each part says. It opens no port.
 */
export function buildOperators(
  service: string,
  askReadiness: () => Promise<Omit<Readiness, "takesTraffic">>,
  { registry }: Metrics,
): FastifyInstance {
  const app = Fastify({ forceCloseConnections: true });
  app.get("/metrics", async (_request, reply) =>
    reply.type(registry.contentType).send(await registry.metrics()),
  );
  app.get("/health/detail", async (_request, reply) => {
    const { ready, checks } = await askReadiness();
    const status = ready ? "ready" : "not_ready";
    return reply.code(ready ? 200 : 503).send({ status, service, version: VERSION, checks });
  });
  return app;
}

type Listening = FastifyInstance | { listen: FastifyInstance["listen"] };

/**
 * Opens both ports of a service.
 *
 * @throws {Error} if one of them is taken.
 */
export async function listen(
  app: Listening & Readonly<{ operators: FastifyInstance }>,
  at: ListenAt,
): Promise<void> {
  await app.operators.listen({ host: at.metricsHost, port: at.metricsPort });
  await app.listen({ host: at.host, port: at.port });
}
