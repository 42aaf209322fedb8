import { Type } from "typebox";
import type { App } from "./app.ts";
import type { Readiness } from "./health.ts";
import { VERSION } from "./version.ts";

/** Adds the routes of health, which answer also while the event loop is late. */
export function addHealth(app: App, service: string, askReadiness: () => Promise<Readiness>): void {
  const Ready = Type.Object({ status: Type.String(), service: Type.String() });
  const Short = Type.Object({ status: Type.String(), service: Type.String(), time: Type.String() });
  const Whole = Type.Object({ ...Short.properties, version: Type.String() });
  const tags = ["health"];
  const config = { isServedLate: true };
  app.get(
    "/health/live",
    { config, schema: { tags, summary: "whether the process runs", response: { 200: Short } } },
    async () => ({ status: "live", service, time: new Date().toISOString() }),
  );
  const addStatus = (path: string, summary: string, isGood: (readiness: Readiness) => boolean) =>
    app.get(
      path,
      { config, schema: { tags, summary, response: { 200: Ready, 503: Ready } } },
      async (_request, reply) => {
        const good = isGood(await askReadiness());
        return reply.code(good ? 200 : 503).send({ status: good ? "ready" : "not_ready", service });
      },
    );
  addStatus("/health/ready", "whether every dependency is ready", ({ ready }) => ready);
  addStatus(
    "/health/traffic",
    "whether a load balancer should send clients here: as ready, but for faults of some shards",
    ({ takesTraffic }) => takesTraffic,
  );
  app.get(
    "/health",
    {
      config,
      schema: {
        tags,
        summary: "the same without the checks",
        response: { 200: Whole, 503: Whole },
      },
    },
    async (_request, reply) => {
      const { ready } = await askReadiness();
      const status = ready ? "healthy" : "unhealthy";
      return reply
        .code(ready ? 200 : 503)
        .send({ status, service, time: new Date().toISOString(), version: VERSION });
    },
  );
}
