import { readConfig } from "@parley/runtime/config";
import { listen } from "@parley/runtime/operators";
import { runService } from "@parley/runtime/service";
import { ConsumerConfig } from "./config.ts";
import { wireConsumer } from "./wiring.ts";

await runService("ws-consumer", process.env, async (context) => {
  const config = readConfig(ConsumerConfig, process.env);
  const app = await wireConsumer({ ...context, config });
  await listen(app, {
    host: config.HOST,
    port: config.CONSUMER_HTTP_PORT,
    metricsHost: config.METRICS_HOST,
    metricsPort: config.CONSUMER_METRICS_PORT,
  });
});
