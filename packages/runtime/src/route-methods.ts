type Route = Readonly<{ segments: readonly string[]; methods: Set<string> }>;

/** The methods of the routes of an app, by path. */
export class RouteMethods {
  readonly #routes = new Map<string, Route>();

  /** @param pattern path of a route; may have parameters such as `:room`, and a `*` at its end */
  add(pattern: string, methods: string | readonly string[]): void {
    const route = this.#routes.get(pattern) ?? { segments: pattern.split("/"), methods: new Set() };
    for (const method of [methods].flat()) route.methods.add(method);
    this.#routes.set(pattern, route);
  }

  /** Returns the sorted methods of a path; none if no route matches. @param url path with or without a query */
  of(url: string): string[] {
    const path = url.split("?", 1)[0] as string;
    const segments = path.split("/");
    const found = [...this.#routes.values()].filter((route) => matches(route.segments, segments));
    return [...new Set(found.flatMap(({ methods }) => [...methods]))].sort();
  }
}

function matches(pattern: readonly string[], path: readonly string[]): boolean {
  const isOpen = pattern.at(-1) === "*";
  if (isOpen ? path.length < pattern.length : path.length !== pattern.length) return false;
  return pattern.every(
    (part, i) => part === "*" || (part.startsWith(":") && path[i] !== "") || part === path[i],
  );
}
