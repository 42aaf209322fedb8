import { expect, it } from "vitest";
import type { RoomEvent } from "../src/frames.ts";
import type { TestPage } from "./browser-page.tsx";
import { openClient } from "./chromium-fixture.ts";
import { pause } from "./recording-fixture.ts";
import { services } from "./running-fixture.ts";
import { type Services, until } from "./stack-fixture.ts";

declare const page: TestPage;

/** Faults in the short form; 1,000 in the long one. */
const CUTS = Number(process.env.CUTS ?? 8);
const SENDERS = 3;
/** A sender does not write more while so many of its messages wait: many faults leave little time to send them in. */
const WAITING_MAX = 100;
/** Shortest and longest time between two faults, ms. */
const BETWEEN_MS = [50, 700] as const;

/** One fault of those that networks and restarts bring. */
async function breakSomething(services: Services, random: () => number): Promise<void> {
  const proxy = services.proxies[random() < 0.5 ? 0 : 1];
  const kind = random();
  if (kind < 0.7) proxy?.cut();
  else if (kind < 0.85) proxy?.slow(random() * 200);
  else proxy?.slow(undefined);
  await pause(kind < 0.5 ? 0 : random() * 400);
  proxy?.heal();
}

/** S14: many faults, and each message is there once and in order. */
it(`S14 ${CUTS} random faults and a restart of each service: each message once and in order`, async () => {
  const people = await Promise.all(Array.from({ length: SENDERS }, () => services.person()));
  const clients = people.map((person) => services.client(person));
  const heard: RoomEvent[] = [];
  const reader = clients[0] as (typeof clients)[number];
  void (async () => {
    for await (const event of reader.rooms.get("s14").events({ after: 0 })) heard.push(event);
  })().catch(() => undefined);
  const shown = clients[1]?.rooms.get("s14");
  shown?.open();
  const live: number[] = [];
  shown?.on("event", ({ seq }) => live.push(seq));
  const tab = await openClient("s14", people[2]?.token ?? "");
  await tab.evaluate(() => page.read("s14"));
  let isOver = false;
  const sent: string[][] = clients.map(() => []);
  const sending = clients.map(async (one, i) => {
    for (let n = 0; !isOver; n += 1) {
      if (one.outbox.value.length < WAITING_MAX) sent[i]?.push(one.rooms.get("s14").send(`${i} ${n}`).id);
      await pause(100);
    }
  });
  for (let n = 0; n < CUTS; n += 1) {
    await breakSomething(services, Math.random);
    await pause(BETWEEN_MS[0] + Math.random() * (BETWEEN_MS[1] - BETWEEN_MS[0]));
    if (n % 500 === Math.floor(CUTS / 3) % 500)
      await services.stack.stack.service("ws-producer").kill("SIGTERM");
    if (n % 500 === Math.floor(CUTS / 2) % 500)
      await services.stack.stack.service("ws-consumer").kill("SIGTERM");
  }
  isOver = true;
  await Promise.all(sending);
  await until("all is sent", () => clients.every((one) => one.outbox.value.length === 0), 60_000);
  const total = sent.flat().length;
  await until("the reader has all", () => heard.length >= total, 60_000);
  const history = await services.stack.history("s14", people[0]?.token ?? "");
  expect(history.map(({ seq }) => seq)).toEqual(Array.from({ length: total }, (_, i) => i + 1));
  expect(heard.map(({ seq }) => seq)).toEqual(history.map(({ seq }) => seq));
  expect(heard.map(({ id }) => id)).toEqual(history.map(({ id }) => id));
  const hasAll = () => tab.evaluate((count) => page.heard.length >= count, total);
  await until("the reader in Chromium has all", hasAll, 60_000);
  expect(await tab.evaluate(() => page.heard)).toEqual(history.map(({ seq, id }) => ({ seq, id })));
  expect(await tab.evaluate(() => page.rejections())).toEqual([]);
  await tab.context().close();
  await until("it is shown", () => shown?.timeline.value.head === total, 60_000);
  expect(shown?.timeline.value.items.map((one) => one.id)).toEqual(
    history.slice(-(shown?.timeline.value.items.length ?? 0)).map(({ id }) => id),
  );
  expect(live).toEqual([...live].sort((a, b) => a - b));
  expect(new Set(live).size).toBe(live.length);
  for (const [i, person] of people.entries()) {
    const mine = history.filter(({ author }) => author.id === person.id).map(({ id }) => id);
    expect(mine).toEqual(sent[i]);
  }
});
