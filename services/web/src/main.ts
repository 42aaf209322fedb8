import { resolve } from "node:path";
import { readConfig } from "@parley/runtime/config";
import { readLimits } from "@parley/runtime/limits";
import { listen } from "@parley/runtime/operators";
import { runService } from "@parley/runtime/service";
import { readTrustProxy } from "@parley/runtime/trust-proxy";
import { apiAddresses } from "./api-addresses.ts";
import { buildApp } from "./app.ts";
import { WebConfig } from "./config.ts";
import { readPage } from "./page.ts";

await runService("web", process.env, async ({ log, onClose }) => {
  const config = readConfig(WebConfig, process.env);
  const api = apiAddresses(config);
  const page = await readPage(resolve(import.meta.dirname, "../dist"), api);
  const trustProxy = readTrustProxy(config.TRUST_PROXY);
  const app = await buildApp({ page, api, limits: readLimits(config), trustProxy, log });
  onClose(() => app.close());
  await listen(app, {
    host: config.HOST,
    port: config.WEB_PORT,
    metricsHost: config.METRICS_HOST,
    metricsPort: config.WEB_METRICS_PORT,
  });
});
