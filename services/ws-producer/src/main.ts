import { readConfig } from "@parley/runtime/config";
import { listen } from "@parley/runtime/operators";
import { runService } from "@parley/runtime/service";
import { ProducerConfig } from "./config.ts";
import { wireProducer } from "./wiring.ts";

await runService("ws-producer", process.env, async (context) => {
  const config = readConfig(ProducerConfig, process.env);
  const app = await wireProducer({ ...context, config });
  await listen(app, {
    host: config.HOST,
    port: config.PRODUCER_HTTP_PORT,
    metricsHost: config.METRICS_HOST,
    metricsPort: config.PRODUCER_METRICS_PORT,
  });
});
