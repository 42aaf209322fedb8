import { expect, it } from "vitest";
import type { TestPage } from "./browser-page.tsx";
import { openClient, openTab, textsIn, untilState } from "./chromium-fixture.ts";
import { postMany } from "./posting-fixture.ts";
import { services } from "./running-fixture.ts";
import { until } from "./stack-fixture.ts";

declare const page: TestPage;

it("Chromium: S9 closing at random moments leaves no rejection and no socket", async () => {
  const { token } = await services.person();
  const tab = await openTab();
  await tab.evaluate(
    async ([url, known]) => {
      const openAndClose = async (i: number) => {
        const parley = page.client(url, known);
        const room = parley.rooms.get(`s9-${i % 5}`);
        room.open();
        room.send(`text ${i}`);
        room.react(1, "👍").catch(() => undefined);
        parley.presence("nobody").subscribe(() => undefined);
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 200));
        await parley.close();
      };
      await Promise.all(Array.from({ length: 20 }, (_, i) => openAndClose(i)));
    },
    [services.url, token] as const,
  );
  expect(await tab.evaluate(() => page.rejections())).toEqual([]);
  expect(await tab.evaluate(() => page.sockets())).toBe(0);
  await tab.context().close();
});

it("Chromium: S11 after a gap what is older is dropped from memory and store, unless it is fetched", async () => {
  const person = await services.person();
  const tab = await openClient("s11-chromium", person.token, { database: "s11" });
  await tab.evaluate(async () => {
    page.read("s11-chromium");
    await page.room("s11-chromium").send("old").stored();
  });
  const cache = () =>
    tab.evaluate(async () => JSON.stringify((await page.store("s11").get("cache/s11-chromium")) ?? ""));
  await until("stored", async () => (await cache()).includes('"old"'));
  services.down();
  await untilState(tab, "retrying");
  await postMany(services, person, "s11-chromium", 1_100);
  services.up();
  await until("live again", () =>
    tab.evaluate(() => {
      const { phase, head } = page.room("s11-chromium").timeline.value;
      return phase === "live" && head === 1_101;
    }),
  );
  expect((await textsIn(tab, "s11-chromium")).length).toBe(50);
  await until("stored anew", async () => (await cache()).includes('"head":1101'));
  expect(await cache()).not.toContain('"old"');
  const heard = () => tab.evaluate(() => page.heard.map(({ seq }) => seq));
  await until("the reader has all", async () => (await heard()).length >= 1_101);
  expect(await heard()).toEqual(Array.from({ length: 1_101 }, (_, i) => i + 1));
  await tab.context().close();
});

it("Chromium: S12 a room whose head is before ours is begun anew", async () => {
  const person = await services.person();
  const tab = await openClient("s12-lobby", person.token, { database: "s12" });
  await tab.evaluate(
    async (author) => {
      const room = "s12-chromium";
      await page.room(room).send("one").stored();
      const message = { type: "message", room, seq: 50, id: "x", author, body: "ghost", at: "" };
      const items = [{ message, asOf: 50 }];
      const cached = { items, head: 50, completeFrom: 50, hasOlder: true, hasNewer: false, phase: "live" };
      await page.store("s12").set(`cache/${room}`, cached);
      page.room(room).open();
    },
    { id: person.id, username: person.username },
  );
  await until("begun anew", async () => (await textsIn(tab, "s12-chromium")).join() === "one");
  await tab.context().close();
});

it("Chromium: S13 what is too large is refused by the client, and a long list of rooms goes in several frames", async () => {
  const { token } = await services.person();
  const tab = await openClient("s13-lobby", token);
  const code = await tab.evaluate(() =>
    page
      .room("s13-chromium")
      .send("x".repeat(4_001))
      .then(
        () => "sent",
        (error) => error.code,
      ),
  );
  expect(code).toBe("too_large");
  await tab.evaluate(() => {
    for (let i = 0; i < 200; i += 1)
      void page
        .room(`s13-${i}`)
        .events({ after: 0 })
        .next()
        .catch(() => undefined);
  });
  const sizes = () =>
    tab.evaluate(() =>
      page
        .frames()
        .map((text) => Object.keys(JSON.parse(text).rooms ?? {}).length)
        .filter((count) => count > 1),
    );
  await until("asked for", async () => (await sizes()).length === 2);
  expect(await sizes()).toEqual([150, 50]);
  expect(await tab.evaluate(() => page.opened())).toBe(2);
  await tab.context().close();
});
