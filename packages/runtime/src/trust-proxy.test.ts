import { expect, test } from "vitest";
import { ConfigError } from "./config.ts";
import { readTrustProxy, trustedPeers } from "./trust-proxy.ts";

test.each([
  ["", false],
  ["false", false],
  ["0", false],
  ["1", 1],
  ["10.0.0.0/8, loopback", ["10.0.0.0/8", "127.0.0.0/8", "::1/128"]],
  ["fd00::/8", ["fd00::/8"]],
])("C: TRUST_PROXY=%s is %j", (value, expected) => expect(readTrustProxy(value)).toEqual(expected));

test.each(["true", "11", "proxy.local", "10.0.0.0/33", "10.0.0.0/8,", "yes"])(
  "TRUST_PROXY=%s is refused in one sentence that names it",
  (value) => {
    expect(() => readTrustProxy(value)).toThrow(ConfigError);
    expect(() => readTrustProxy(value)).toThrow(/^TRUST_PROXY[^\n]*$/);
  },
);

test("peers of trusted networks are told apart; with a number of proxies each peer is one", () => {
  const inNetworks = trustedPeers(readTrustProxy("10.0.0.0/8,fd00::/8"));
  expect(["10.1.2.3", "fd00::1", "11.0.0.1", "::1"].map(inNetworks)).toEqual([true, true, false, false]);
  expect(trustedPeers(1)("1.2.3.4")).toBe(true);
  expect(trustedPeers(false)("127.0.0.1")).toBe(false);
});
