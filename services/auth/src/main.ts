import { runService } from "@parley/runtime/service";
import { readAuthConfig } from "./config.ts";
import { startAuth } from "./start-auth.ts";

await runService("auth", process.env, async (context) => {
  await startAuth(readAuthConfig(process.env), context);
});
