import { loadDotEnv, ownEnvironment } from "@parley/devstack/environment";
import { findProgram } from "@parley/devstack/find-program";
import { PROGRAMS } from "@parley/devstack/programs";
import { runMain } from "@parley/devstack/terminal";

// Prints the path of a program, which is fetched if this machine has none: `node program-main.ts kubectl`.
await runMain("make", async () => {
  loadDotEnv();
  const name = process.argv[2] as keyof typeof PROGRAMS;
  if (!(name in PROGRAMS)) throw new Error(`there is no ${name} among ${Object.keys(PROGRAMS).join(", ")}`);
  console.log(await findProgram(name, { env: ownEnvironment(), onProgress: console.error }));
  return 0;
});
