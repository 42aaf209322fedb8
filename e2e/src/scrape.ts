/** What a process tells Prometheus. */
export type Scrape = Readonly<{
  /** How many series. */
  series: number;
  /** Series as `name{label="value"}`. */
  names: readonly string[];
  /** The value of a series. @throws {Error} if there is none. */
  value: (name: string) => number;
}>;

/** Asks the port for operators of one process. */
export async function scrape(port: number): Promise<Scrape> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  const values = new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.split(" ").at(-1))]),
  );
  return {
    series: lines.length,
    names: [...values.keys()],
    value: (name) => {
      const value = values.get(name);
      if (value === undefined) throw new Error(`no series ${name}`);
      return value;
    },
  };
}
