import { Sender } from "@parley/bench/chaos/sender";
import type { Account } from "@parley/devstack/accounts";
import { type Services, until } from "./stack-fixture.ts";

/** Posts many messages past the proxies, and waits until they are stored. */
export async function postMany(
  services: Services,
  person: Account,
  room: string,
  count: number,
): Promise<void> {
  const sender = new Sender(services.stack.producerSocket, person);
  await Promise.all(Array.from({ length: count }, (_, i) => sender.send(room, `many${i}`, `many ${i}`)));
  sender.close();
  const newest = `${services.stack.url("ws-consumer")}/api/v1/rooms/${room}/messages?limit=1`;
  const headers = { authorization: `Bearer ${person.token}` };
  await until("they are stored", async () =>
    (await (await fetch(newest, { headers })).text()).includes(`"many${count - 1}"`),
  );
}
