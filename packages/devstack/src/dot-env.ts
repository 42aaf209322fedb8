import { existsSync } from "node:fs";
import { join } from "node:path";
import { loadEnvFile } from "node:process";
import { REPOSITORY } from "./environment.ts";

/** Loads `.env` of the repository into the environment, if there is one; variables that are set already win. */
export function loadDotEnv(): void {
  const file = join(REPOSITORY, ".env");
  if (existsSync(file)) loadEnvFile(file);
}
