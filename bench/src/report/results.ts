import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Machine } from "./machine.ts";

export const RESULTS = fileURLToPath(new URL("../../results/", import.meta.url));
const LATEST = join(RESULTS, "latest.json");

/** Figures of one kind of measurement by target, for instance `{ parley: { perSecond: 1 } }`. */
type Figures = Readonly<Record<string, object>>;

/**
 * Puts the figures of a measurement into `latest.json`: `{ <kind>: { <target>: … } }`. Figures of other runs stay, with
 * their own machine, versions and commit.
 */
export async function keepFigures(
  kind: string,
  figures: Figures,
  versions: object,
  machine: Machine,
): Promise<void> {
  await mkdir(RESULTS, { recursive: true });
  const latest = await readFile(LATEST, "utf8").then(
    (text) => JSON.parse(text) as Record<string, unknown>,
    () => ({}) as Record<string, unknown>,
  );
  const runs = { ...(latest.runs as object), [kind]: { ...machine, versions } };
  const merged = { ...latest, [kind]: { ...(latest[kind] as object), ...figures }, runs };
  await writeFile(LATEST, `${JSON.stringify(merged, null, 2)}\n`);
}
