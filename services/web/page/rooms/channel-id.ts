/** Characters of a channel's id at most. */
const LENGTH_MAX = 64;

/** An id for a channel of a name: small letters, digits, - and _; empty if nothing of the name can be used. */
export function channelIdOf(name: string): string {
  return name
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9_]+/g, "-")
    .replace(/^[-_]+/, "")
    .slice(0, LENGTH_MAX)
    .replace(/-+$/, "");
}
