/**
 * `node bench/src/compare-cpu.ts <revision or folder>`: CPU and memory of an earlier state against the working tree, in
 * interleaved pairs on the same machine. The load generator is always the working tree's; each stack runs from its own
 * folder. PAIRS: number of pairs; SHORT=1: one pair of a few seconds each, to try it; that proves nothing.
 */
import { REPOSITORY } from "@parley/devstack/environment";
import { baseFolder } from "./base-folder.ts";
import { median } from "./measure/median.ts";
import { type Figures, measureState, UNITS } from "./measure/state.ts";
import { describeMachine, machineLine } from "./report/machine.ts";
import { keepFigures } from "./report/results.ts";
import { table } from "./report/table.ts";

/** A figure of a pair is worse if the working tree's is higher than the base's by more than this. */
const WORSE_RATIO = 1.05;
/** Share of the pairs that may be worse: five of seven. */
const WORSE_SHARE_MAX = 5 / 7;
/** Scales every measured time; the whole length gives a pair of about 90 s. */
const SHORT_SCALE = 0.3;

const SHORT_WARNING =
  "SHORT=1: one pair of short runs, to see that the command works. Its figures prove nothing.";

const say = (line: string) => void process.stdout.write(`${line}\n`);

type Pair = Readonly<{ base: Figures; tree: Figures }>;

async function measurePair(folder: string, isBaseFirst: boolean, scale: number): Promise<Pair> {
  const early = isBaseFirst ? await measureState(folder, scale) : undefined;
  const tree = await measureState(REPOSITORY, scale);
  return { base: early ?? (await measureState(folder, scale)), tree };
}

const round = (value: number) => Math.round(value * 100) / 100;

/** One row for each figure: medians of both states, the ratio of each pair, their median, and how many are worse. */
function rowsOf(pairs: readonly Pair[]) {
  return (Object.keys(UNITS) as (keyof Figures)[]).map((name) => {
    const ratios = pairs.map(({ base, tree }) => tree[name] / base[name]);
    return {
      name: `${name}, ${UNITS[name]}`,
      base: median(pairs.map(({ base }) => base[name])),
      tree: median(pairs.map(({ tree }) => tree[name])),
      ratios,
      median: median(ratios),
      worse: ratios.filter((ratio) => ratio > WORSE_RATIO).length,
    };
  });
}

async function main(base: string | undefined): Promise<void> {
  if (base === undefined) throw new Error("name the base: make compare-cpu BASE=<revision or folder>");
  const isShort = process.env.SHORT === "1";
  const count = isShort ? 1 : Number(process.env.PAIRS ?? 7);
  const folder = baseFolder(base);
  const machine = describeMachine();
  say(machineLine(machine));
  if (isShort) say(SHORT_WARNING);
  const pairs: Pair[] = [];
  for (let i = 0; i < count; i += 1) {
    const began = performance.now();
    pairs.push(await measurePair(folder, i % 2 === 0, isShort ? SHORT_SCALE : 1));
    const ratios = rowsOf(pairs.slice(-1)).map(({ median: ratio }) => ratio.toFixed(2));
    say(
      `pair ${i + 1}: ${ratios.join(" ")} (working tree / base), ${Math.round((performance.now() - began) / 1_000)} s`,
    );
  }
  const rows = rowsOf(pairs);
  const head = ["figure", "base", "tree", ...pairs.map((_, i) => `${i + 1}`), "median", "> 5 % worse"];
  const cells = rows.map((row) => [
    row.name,
    round(row.base),
    round(row.tree),
    ...row.ratios.map((ratio) => ratio.toFixed(2)),
    row.median.toFixed(2),
    `${row.worse} of ${count}`,
  ]);
  say(`\n${table(head, cells)}`);
  if (isShort) return say(SHORT_WARNING);
  await keepFigures("compare-cpu", { pairs }, { base }, machine);
  if (count >= 7 && rows.some(({ worse }) => worse > count * WORSE_SHARE_MAX)) process.exitCode = 1;
}

await main(process.argv[2]);
