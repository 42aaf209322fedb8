import { BlockList, isIP } from "node:net";
import { ConfigError } from "./config.ts";

/** Whose `X-Forwarded-For` is believed: nobody's, that of so many proxies in front, or that of proxies in networks. */
export type TrustProxy = false | number | readonly string[];

const HOPS_MAX = 10;
const NAMES_RANGES: Readonly<Record<string, readonly string[]>> = {
  loopback: ["127.0.0.0/8", "::1/128"],
  private: ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"],
};

/**
 * Reads `TRUST_PROXY`: empty or `false`, a number of proxies in front, or networks separated by commas.
 *
 * @throws {ConfigError} with one sentence that says what to write instead.
 * @example
 * readTrustProxy("1"); // 1: the address that the nearest proxy has seen
 * readTrustProxy("10.0.0.0/8,loopback"); // the last address that is in none of these networks
 */
export function readTrustProxy(value: string): TrustProxy {
  const text = value.trim();
  if (text === "" || text === "false" || text === "0") return false;
  if (text === "true")
    throw new ConfigError(
      "TRUST_PROXY=true is retired, because every client could choose its address: write the number of proxies in " +
        "front of this service (TRUST_PROXY=1), or their networks (TRUST_PROXY=10.0.0.0/8)",
    );
  if (/^\d+$/.test(text)) {
    if (Number(text) > HOPS_MAX) throw new ConfigError(`TRUST_PROXY: at most ${HOPS_MAX} proxies`);
    return Number(text);
  }
  return text.split(",").flatMap((part) => NAMES_RANGES[part.trim()] ?? [network(part.trim())]);
}

/** @throws {ConfigError} unless it is an address or a network in CIDR notation (RFC 4632). */
function network(part: string): string {
  const [address = "", prefix] = part.split("/");
  const bits = isIP(address) === 6 ? 128 : 32;
  const isPrefix = prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits);
  if (isIP(address) !== 0 && isPrefix) return part;
  throw new ConfigError(
    `TRUST_PROXY: "${part}" is no network; write a number of proxies, networks such as 10.0.0.0/8, loopback or private`,
  );
}

/** Makes a test of whether a TCP peer is one of the trusted proxies, so that its connections are not counted as a client's. */
export function trustedPeers(trust: TrustProxy): (address: string) => boolean {
  if (trust === false) return () => false;
  if (typeof trust === "number") return () => true;
  const list = new BlockList();
  for (const entry of trust) {
    const [address = "", prefix] = entry.split("/");
    const family = isIP(address) === 6 ? "ipv6" : "ipv4";
    list.addSubnet(address, Number(prefix ?? (family === "ipv6" ? 128 : 32)), family);
  }
  return (address) => list.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
}

/**
 * The same for Fastify, which believes nobody when it is given a number of hops: it cannot tell whether the peer is a
 * proxy. Whoever sets a number says that nobody else can reach this service.
 */
export function fastifyTrust(
  trust: TrustProxy,
): false | string[] | ((address: string, hop: number) => boolean) {
  if (typeof trust === "number") return (_address, hop) => hop < trust;
  return trust === false ? false : [...trust];
}
