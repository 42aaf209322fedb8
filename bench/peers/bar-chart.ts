import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { RESULTS } from "@parley/bench/report/results";

/** One bar: its name, its length, and what is written behind it. */
type Bar = Readonly<{ name: string; value: number; label: string }>;

const WIDTH = 760;
const NAME_WIDTH = 190;
const LABEL_WIDTH = 150;
const BAR_HEIGHT = 24;
const GAP = 10;
const TOP = 48;

const escapeXml = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

/** A plain bar chart as SVG that reads well on light and dark pages. The first bar is ours. */
function barChart(title: string, bars: readonly Bar[]): string {
  const most = Math.max(...bars.map(({ value }) => value), Number.MIN_VALUE);
  const room = WIDTH - NAME_WIDTH - LABEL_WIDTH;
  const rows = bars.map(({ name, value, label }, i) => {
    const y = TOP + i * (BAR_HEIGHT + GAP);
    const length = Math.max(1, Math.round((value / most) * room));
    const middle = y + BAR_HEIGHT / 2 + 5;
    return [
      `<text x="${NAME_WIDTH - 10}" y="${middle}" text-anchor="end">${escapeXml(name)}</text>`,
      `<rect x="${NAME_WIDTH}" y="${y}" width="${length}" height="${BAR_HEIGHT}" rx="3" fill="${i === 0 ? "#2f6fde" : "#9aa4b2"}"/>`,
      `<text x="${NAME_WIDTH + length + 8}" y="${middle}">${escapeXml(label)}</text>`,
    ].join("\n");
  });
  const height = TOP + bars.length * (BAR_HEIGHT + GAP) + 8;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escapeXml(title)}">`,
    `<rect width="100%" height="100%" fill="#ffffff"/>`,
    `<g font-family="system-ui, sans-serif" font-size="14" fill="#1c2430">`,
    `<text x="10" y="28" font-size="16" font-weight="600">${escapeXml(title)}</text>`,
    ...rows,
    "</g>",
    "</svg>",
    "",
  ].join("\n");
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
