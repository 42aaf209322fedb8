import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { loadDotEnv } from "./environment.ts";
import { isLocked } from "./run-dir.ts";
import { dataDirOf } from "./start-options.ts";
import { say } from "./terminal.ts";

// `make clean`: deletes DATA_DIR, if it is one of a stack that does not run.
loadDotEnv();
const dataDir = dataDirOf(process.env);
if (existsSync(join(dataDir, "run")) && !isLocked(dataDir)) {
  await rm(dataDir, { recursive: true, force: true });
  say(`clean: removed ${dataDir}`);
} else if (existsSync(dataDir)) {
  process.stderr.write(`make clean: ${dataDir} is in use or is no data folder of a stack, left alone\n`);
  process.exitCode = 1;
}
