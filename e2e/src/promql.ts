import { parser } from "@prometheus-io/lezer-promql";

/** A metric that a query names, and the labels that it matches. */
export type Selector = Readonly<{ metric: string; labels: readonly string[] }>;

/** The selectors of a query. @throws {Error} if it is no PromQL. */
export function selectorsOf(expr: string): Selector[] {
  const selectors: { metric: string; labels: string[] }[] = [];
  parser.parse(expr).iterate({
    enter: ({ name, from, to }) => {
      const text = expr.slice(from, to);
      if (name === "⚠") throw new Error(`no PromQL: ${expr}`);
      if (name === "VectorSelector") selectors.push({ metric: /^[\w:]+/.exec(text)?.[0] ?? "", labels: [] });
      if (name === "LabelName" || name === "UnquotedLabelMatcher")
        selectors.at(-1)?.labels.push(/^\w+/.exec(text)?.[0] ?? "");
    },
  });
  return selectors;
}

/** How many series a query gives now. @throws {Error} with Prometheus' answer if it refuses the query. */
export async function countSeries(prometheusUrl: string, expr: string): Promise<number> {
  const answer = await fetch(`${prometheusUrl}/api/v1/query?query=${encodeURIComponent(expr)}`);
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${expr}: ${text}`);
  return (JSON.parse(text) as { data: { result: unknown[] } }).data.result.length;
}
