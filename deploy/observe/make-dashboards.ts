/** `node deploy/observe/make-dashboards.ts`: writes the dashboards that Grafana reads; a test compares them. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { DASHBOARDS } from "./dashboards.ts";
import { toGrafana } from "./panels.ts";

for (const [name, dashboard] of Object.entries(DASHBOARDS)) {
  const file = join(import.meta.dirname, "dashboards", `${name}.json`);
  writeFileSync(file, `${JSON.stringify(toGrafana(dashboard), null, 2)}\n`);
}
