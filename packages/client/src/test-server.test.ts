import { afterAll } from "vitest";
import { contract } from "./contract-fixture.ts";
import { createParley, type Parley } from "./index.ts";
import { TestServer } from "./testing.ts";

const server = new TestServer();
const clients = new Map<string, Parley>();
afterAll(() => Promise.all([...clients.values()].map((one) => one.close())));

contract("in memory", async (name) => {
  const client = clients.get(name) ?? createParley({ ...server.options, auth: server.auth(name) });
  clients.set(name, client);
  return client;
});
