import { findUnused } from "./find-unused.ts";

const unused = findUnused(process.cwd());
for (const line of unused) process.stderr.write(`unused: ${line}\n`);
process.exitCode = unused.length === 0 ? 0 : 1;
