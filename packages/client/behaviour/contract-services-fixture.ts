import type { Account } from "@parley/devstack/accounts";
import { contract } from "../src/contract-fixture.ts";
import type { Parley } from "../src/types.ts";
import { services } from "./running-fixture.ts";

const accounts = new Map<string, Promise<Account>>();
const clients = new Map<string, Parley>();

contract("the services", async (name) => {
  const account = accounts.get(name) ?? services.person();
  accounts.set(name, account);
  const client = clients.get(name) ?? services.client(await account);
  clients.set(name, client);
  return client;
});
