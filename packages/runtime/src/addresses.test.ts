import { expect, it } from "vitest";
import { readDatabaseUrl, readMonitorUrls, readNatsServers } from "./addresses.ts";

const own = { NODE_ENV: "production", NATS_PASSWORD: "p1" };

it("takes several hosts in each address", () => {
  expect(readNatsServers(own, "nats://one:4222, two,three:4223")).toBe("nats://one:4222,two,three:4223");
  expect(readMonitorUrls("http://one:8222,https://two")).toEqual(["http://one:8222", "https://two"]);
  expect(readMonitorUrls(undefined)).toEqual([]);
  for (const url of [
    "postgres://me:p1@one:5432,two:5433/parley",
    "postgresql:///parley?host=/run/postgresql",
  ])
    expect(readDatabaseUrl(own, url)).toBe(url);
});

it("J: an address that is none is named at once, without its value", () => {
  for (const value of ["", "nats://", "nats://one:4222,", "one:nats"])
    expect(() => readNatsServers({}, value)).toThrow(/^configuration: NATS_URL is no address: write nats:/);
  for (const value of ["one:8222", "http://one,http://two:x"])
    expect(() => readMonitorUrls(value)).toThrow(
      /^configuration: NATS_MONITOR_URL is no address: write http:/,
    );
  for (const value of [
    "hunter2",
    "mysql://me:hunter2@one/parley",
    "postgres://me:hunter2@one:5432,two:x/parley",
  ]) {
    expect(() => readDatabaseUrl({}, value)).toThrow("DATABASE_URL is no address: write postgres://user");
    expect(() => readDatabaseUrl({}, value)).not.toThrow("hunter2");
  }
});

it("production refuses the passwords of examples", () => {
  const refused = "refused when NODE_ENV=production";
  expect(() => readNatsServers({ ...own, NATS_PASSWORD: "parley" }, "nats://one")).toThrow(refused);
  expect(() => readNatsServers(own, "nats://me:secret@one")).toThrow(refused);
  expect(() => readDatabaseUrl(own, "postgres://auth:parley@one,two/parley")).toThrow(refused);
  expect(readDatabaseUrl({}, "postgres://auth:parley@one/parley")).toBe("postgres://auth:parley@one/parley");
});
