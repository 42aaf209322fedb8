import { isIPv6 } from "node:net";

const GROUPS = 8;
const PREFIX_GROUPS = 4;

/**
 * What limits count an address as: an IPv4 address as itself, also where it is mapped into IPv6, and an IPv6 address as
 * its /64, because that is the least that one subscriber has (RFC 6177).
 *
 * @example addressKey("2001:db8::1") === "2001:db8:0:0::/64"
 */
export function addressKey(address: string): string {
  if (!address.includes(":") || !isIPv6(address)) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const [front = "", back] = (address.split("%")[0] as string).toLowerCase().split("::");
  const head = front === "" ? [] : front.split(":");
  const tail = back ? back.split(":") : [];
  // An IPv4 tail counts as two groups.
  const tailGroups = tail.length + (tail.at(-1)?.includes(".") ? 1 : 0);
  const zeros = back === undefined ? 0 : GROUPS - head.length - tailGroups;
  const groups = [...head, ...Array<string>(Math.max(0, zeros)).fill("0"), ...tail];
  const prefix = groups.slice(0, PREFIX_GROUPS).map((group) => group.replace(/^0+(?=.)/, ""));
  return `${prefix.join(":")}::/64`;
}
