import { existsSync } from "node:fs";
import { join } from "node:path";
import { loadDotEnv } from "./dot-env.ts";
import { findSupervisor } from "./run-dir.ts";
import { dataDirOf } from "./start-options.ts";
import { removeDataDir } from "./temp-dir.ts";
import { say } from "./terminal.ts";

/** `make clean`: deletes DATA_DIR, if it is one of a stack that does not run. */
async function main(): Promise<number> {
  loadDotEnv();
  const dataDir = dataDirOf(process.env);
  if (!existsSync(dataDir)) return 0;
  if (findSupervisor(dataDir) !== undefined || !existsSync(join(dataDir, "run"))) {
    process.stderr.write(`make clean: ${dataDir} is in use or is no data folder of a stack, left alone\n`);
    return 1;
  }
  await removeDataDir(dataDir);
  say(`clean: removed ${dataDir}`);
  return 0;
}

process.exitCode = await main();
