import type { Http } from "./http.ts";
import type { Page } from "./types.ts";

/** A page of a list of the consumer. */
export async function fetchList<T>(
  http: Http,
  path: string,
  { signal, ...query }: { signal?: AbortSignal; [parameter: string]: unknown } = {},
): Promise<Page<T>> {
  const { data, next = null } = await http<T[]>("GET", path, { query: query as never, signal });
  return { items: data, next };
}
