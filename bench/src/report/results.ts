import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { barChart } from "./bars.ts";
import { describeMachine, type Machine } from "./machine.ts";

const RESULTS = fileURLToPath(new URL("../../results/", import.meta.url));
const LATEST = join(RESULTS, "latest.json");

/** Figures of one kind of measurement by target, for instance `{ parley: { perSecond: 1 } }`. */
export type Figures = Readonly<Record<string, object>>;
export type Latest = Record<string, unknown>;

/** The results of the last runs; empty if there are none. */
export async function readLatest(): Promise<Latest> {
  return readFile(LATEST, "utf8").then(
    (text) => JSON.parse(text) as Latest,
    () => ({}),
  );
}

/**
 * Puts the figures of a measurement into `latest.json`: `{ <kind>: { <target>: … } }`. What other runs have measured
 * stays, with the machine, the versions and the commit of its own.
 */
export async function keepFigures(
  kind: string,
  figures: Figures,
  versions: object,
  machine: Machine,
): Promise<void> {
  await mkdir(RESULTS, { recursive: true });
  const latest = await readLatest();
  const runs = { ...(latest.runs as object), [kind]: { ...machine, versions } };
  const merged = {
    ...latest,
    [kind]: { ...(latest[kind] as object), ...figures },
    machine: describeMachine(),
    runs,
  };
  await writeFile(LATEST, `${JSON.stringify(merged, null, 2)}\n`);
}

/** Writes a chart beside the results: one bar for each target, the first one ours. */
export async function keepChart(
  name: string,
  title: string,
  bars: readonly Readonly<{ name: string; value: number; unit: string }>[],
): Promise<void> {
  await mkdir(RESULTS, { recursive: true });
  const labelled = bars.map(({ name: bar, value, unit }) => ({
    name: bar,
    value,
    label: `${value.toLocaleString("en-US")} ${unit}`,
  }));
  await writeFile(join(RESULTS, `${name}.svg`), barChart(title, labelled));
}
