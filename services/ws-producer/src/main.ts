import { readConfig } from "@parley/runtime/config";
import { runService } from "@parley/runtime/service";
import { ProducerConfig } from "./config.ts";
import { wireProducer } from "./wiring.ts";

await runService("ws-producer", process.env, async (context) => {
  const config = readConfig(ProducerConfig, process.env);
  const app = await wireProducer({ ...context, config });
  await app.listen({ host: config.HOST, port: config.PRODUCER_HTTP_PORT });
});
