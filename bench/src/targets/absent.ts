/**
 * Peers that are known by name but have no adapter: they are Go programs, the Go module proxy refused their modules
 * (403, as it does not for others) when this was written, and neither Debian nor npm has a package of them. An adapter
 * that nobody could run once would give figures that nobody could trust.
 */
export function absent(title: string, module: string) {
  const why = `no adapter yet, the Go module proxy refused ${module}`;
  return {
    title,
    start: () => Promise.reject(new Error(`${title}: ${why}`)),
    holder: "",
    missing: () => why,
  };
}
