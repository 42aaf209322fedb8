/** A query, and how its series are called (`{{label}}`). */
export type Query = readonly [expr: string, legend?: string];

/** One graph. `unit` is Grafana's name of it. */
export type Panel = Readonly<{
  title: string;
  unit: string;
  queries: readonly Query[];
  /** Says what a reader should know who sees it for the first time. */
  description?: string;
  /** A number instead of a graph. */
  isNumber?: boolean;
  /** Why a short run with a fault gives it no data; else the test asks for some. */
  emptyBecause?: string;
}>;
export type Dashboard = Readonly<{
  uid: string;
  title: string;
  /** Titles of rows, with their panels. */
  rows: Readonly<Record<string, readonly Panel[]>>;
  /** A label that the reader chooses values of, and a metric that has all of them. */
  choice?: Readonly<{ label: string; metric: string }>;
}>;

const RATE = "[$__rate_interval]";

/** Increase a second of a counter, by labels. */
export const rate = (metric: string, ...by: string[]): string =>
  by.length === 0 ? `sum(rate(${metric}${RATE}))` : `sum by (${by.join(", ")}) (rate(${metric}${RATE}))`;

/** Quantiles of a histogram. */
export const quantiles = (metric: string, ...by: string[]): Query[] =>
  [0.5, 0.99].map((share) => {
    const labels = by.map((label) => ` {{${label}}}`).join("");
    return [
      `histogram_quantile(${share}, ${rate(`${metric}_bucket`, "le", ...by)})`,
      `p${share * 100}${labels}`,
    ];
  });

export const graph = (title: string, unit: string, ...queries: Query[]): Panel => ({ title, unit, queries });

export const number = (title: string, unit: string, expr: string): Panel => ({
  title,
  unit,
  queries: [[expr]],
  isNumber: true,
});

const WIDTH = 24;
const GRAPHS_IN_ROW = 3;
const NUMBERS_IN_ROW = 6;
const SOURCE = { type: "prometheus", uid: "prometheus" };

/** The JSON that Grafana reads, of schema 39. */
export function toGrafana({ uid, title, rows, choice }: Dashboard): object {
  let y = 0;
  let id = 0;
  const panels = Object.entries(rows).flatMap(([name, some]) => {
    const row = {
      id: ++id,
      type: "row",
      title: name,
      collapsed: false,
      gridPos: { h: 1, w: WIDTH, x: 0, y },
      panels: [],
    };
    y += 1;
    const [inRow, h] = some.every(({ isNumber }) => isNumber) ? [NUMBERS_IN_ROW, 4] : [GRAPHS_IN_ROW, 8];
    const w = WIDTH / inRow;
    const made = some.map((panel, at) => ({
      id: ++id,
      ...panelOf(panel),
      gridPos: { h, w, x: (at % inRow) * w, y: y + Math.floor(at / inRow) * h },
    }));
    y += Math.ceil(some.length / inRow) * h;
    return [row, ...made];
  });
  return {
    uid,
    title,
    tags: ["parley"],
    schemaVersion: 39,
    editable: false,
    refresh: "10s",
    time: { from: "now-1h", to: "now" },
    links: [{ type: "dashboards", title: "Parley", tags: ["parley"], asDropdown: false, keepTime: true }],
    templating: { list: choice ? [variableOf(choice)] : [] },
    panels,
  };
}

function panelOf({ title, unit, queries, description, isNumber = false }: Panel): object {
  const targets = queries.map(([expr, legend = ""], at) => ({
    refId: String.fromCharCode("A".charCodeAt(0) + at),
    datasource: SOURCE,
    expr,
    legendFormat: legend,
  }));
  const custom = isNumber ? {} : { custom: { fillOpacity: 8, showPoints: "never" } };
  return {
    type: isNumber ? "stat" : "timeseries",
    title,
    ...(description === undefined ? {} : { description }),
    datasource: SOURCE,
    targets,
    fieldConfig: { defaults: { unit, min: 0, ...custom }, overrides: [] },
    options: isNumber
      ? { reduceOptions: { calcs: ["lastNotNull"] } }
      : { legend: { displayMode: "list", placement: "bottom" }, tooltip: { mode: "multi", sort: "desc" } },
  };
}

function variableOf({ label, metric }: NonNullable<Dashboard["choice"]>): object {
  return {
    name: label,
    type: "query",
    datasource: SOURCE,
    query: { query: `label_values(${metric}, ${label})`, refId: "choice" },
    includeAll: true,
    multi: true,
    allValue: ".*",
    current: { text: "All", value: "$__all" },
    refresh: 2,
    sort: 3,
  };
}
