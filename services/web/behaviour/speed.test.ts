// How fast the page is. The short form counts CPU time, so that it holds on a busy machine too; the long form, alone on its
// machine, counts what a reader waits.
import type { CDPSession, Page } from "playwright-core";
import { expect, it } from "vitest";
import {
  fresh,
  join,
  profile,
  signedIn,
  somebody,
  untilShown,
  usePageStack,
  web,
} from "./running-fixture.ts";

declare global {
  /** Tasks of more than 50 ms, by their length, ms. */
  var longTasks: number[];
  /** When the page could be used, ms after it began to load. */
  var usableAt: number;
}

/** Messages in the short form; the long one has 10,000. */
const MESSAGES = Number(process.env.MESSAGES ?? 500);
const isLong = process.env.MESSAGES !== undefined;
const AUTHORS = 10;
const TASK_MS_MAX = 100;
const USABLE_MS_MAX = 1_000;
/** For somebody who was there before, with a room and its messages: no promise, but a guard. */
const ROOM_MS_MAX = 2_000;
const THROTTLED = 4;
/** Of so many loads the fastest counts: others work on the machine at the same time. */
const TRIES = 3;
const MB = 1_024 ** 2;

usePageStack();

async function fill(room: string): Promise<void> {
  await Promise.all(
    Array.from({ length: AUTHORS }, async (_, author) => {
      const one = await somebody(`Writer${author}`);
      for (let n = author; n < MESSAGES; n += AUTHORS)
        await web.say(one, room, `Message ${n} ${"of many words ".repeat((n * 7) % 20)}`);
    }),
  );
}

/** Scrolls like a wheel that does not rest, until the first or the last message is there. */
const scroll = (page: Page, direction: -1 | 1): Promise<void> =>
  page.evaluate(async (sign) => {
    const box = document.querySelector(".timeline") as HTMLElement;
    const isThere = () =>
      sign < 0
        ? document.querySelector(".beginning") !== null && box.scrollTop === 0
        : document.querySelector(".latest") === null &&
          box.scrollHeight - box.clientHeight - box.scrollTop < 2;
    while (!isThere()) {
      box.scrollTop += sign * 0.8 * box.clientHeight;
      await new Promise(requestAnimationFrame);
    }
  }, direction);

type TraceEvent = { name: string; pid: number; tid: number; tdur?: number; args?: { name?: string } };

/** CPU time of the longest task of a page's main thread while `work` is done, ms. */
async function longestTask(page: Page, work: () => Promise<void>): Promise<number> {
  await web.browser.startTracing(page, { categories: ["toplevel"] });
  await work();
  const { traceEvents } = JSON.parse(String(await web.browser.stopTracing()));
  const events = traceEvents as TraceEvent[];
  const isMain = new Set(
    events
      .filter(({ name, args }) => name === "thread_name" && args?.name === "CrRendererMain")
      .map(({ pid, tid }) => `${pid} ${tid}`),
  );
  const tasks = events.filter(
    ({ name, pid, tid }) => name === "ThreadControllerImpl::RunTask" && isMain.has(`${pid} ${tid}`),
  );
  expect(tasks.length).toBeGreaterThan(100);
  return Math.max(...tasks.map(({ tdur = 0 }) => tdur)) / 1_000;
}

/** What the page needs when the garbage is collected. */
async function memoryOf(session: CDPSession): Promise<{ mb: number; nodes: number }> {
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize } = await session.send("Runtime.getHeapUsage");
  const { nodes } = await session.send("Memory.getDOMCounters");
  return { mb: usedSize / MB, nodes };
}

it(`scrolling through ${MESSAGES} messages has no task over ${TASK_MS_MAX} ms, and memory stays flat`, async () => {
  const [alice, room] = [await somebody("Alice"), fresh("long-")];
  await fill(room);
  await join(alice, room);
  const page = await signedIn(alice, `/r/${room}`);
  const session = await page.context().newCDPSession(page);
  await untilShown(page);
  await page.evaluate(() => {
    globalThis.longTasks = [];
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) globalThis.longTasks.push(duration);
    }).observe({ type: "longtask" });
  });
  const upAndDown = async () => {
    await scroll(page, -1);
    await scroll(page, 1);
  };
  await upAndDown();
  const first = await memoryOf(session);
  let cpu = 0;
  if (isLong) await upAndDown();
  else cpu = await longestTask(page, upAndDown);
  const last = await memoryOf(session);
  const tasks = await page.evaluate(() => globalThis.longTasks);
  const longest = Math.max(0, ...tasks);
  const rows = await page.locator("li.row").count();
  const told = `longest task ${longest} ms (${cpu} ms of CPU), ${tasks.length} over 50 ms; heap ${first.mb.toFixed(1)} to ${last.mb.toFixed(1)} MB; nodes ${first.nodes} to ${last.nodes}; rows ${rows}`;
  process.stdout.write(`${MESSAGES} messages: ${told}\n`);
  expect(isLong ? longest : cpu).toBeLessThanOrEqual(TASK_MS_MAX);
  expect(last.mb).toBeLessThan(first.mb * 1.1 + 1);
  expect(last.nodes).toBeLessThan(first.nodes * 1.1 + 500);
  expect(rows).toBeLessThanOrEqual(300);
});

type Load = { usableMs: number; cpuMs: number };

/** Loads a page with a slow CPU; returns when what `selector` names was there, and what the main thread has worked. */
async function load(page: Page, path: string, selector: string): Promise<Load> {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable");
  await session.send("Emulation.setCPUThrottlingRate", { rate: isLong ? THROTTLED : 1 });
  await page.addInitScript((wanted) => {
    globalThis.usableAt = 0;
    new MutationObserver(() => {
      if (globalThis.usableAt === 0 && document.querySelector(wanted))
        globalThis.usableAt = performance.now();
    }).observe(document, { childList: true, subtree: true });
  }, selector);
  await page.goto(path);
  await page.locator(selector).first().waitFor();
  const { metrics } = await session.send("Performance.getMetrics");
  const { value = 0 } = metrics.find(({ name }) => name === "ThreadTime") ?? {};
  return { usableMs: await page.evaluate(() => globalThis.usableAt), cpuMs: value * 1_000 };
}

/** Demands that the fastest of some loads is fast enough: in the short form by CPU time, as a slow CPU would need it. */
async function expectFast(what: string, max: number, loads: () => Promise<Load>): Promise<void> {
  const times: number[] = [];
  for (let n = 0; n < TRIES; n += 1) {
    const { usableMs, cpuMs } = await loads();
    times.push(Math.round(isLong ? usableMs : cpuMs * THROTTLED));
  }
  process.stdout.write(`${what}, ${THROTTLED} x slower: ${times.join(", ")} ms${isLong ? "" : " of CPU"}\n`);
  expect(Math.min(...times)).toBeLessThan(max);
}

it(`the first load can be used in under 1 s with the CPU throttled ${THROTTLED} times`, async () => {
  await expectFast("first load", USABLE_MS_MAX, async () => {
    const context = await profile();
    const told = await load(await context.newPage(), "/", "#username");
    // A page that is throttled takes its processor from the next one.
    await context.close();
    return told;
  });
});

it(`a room can be read in under 2 s with the CPU throttled ${THROTTLED} times, by somebody who was there before`, async () => {
  const [alice, room] = [await somebody("Alice"), fresh("load-")];
  for (let n = 0; n < 30; n += 1) await web.say(alice, room, `Message ${n}`);
  const page = await signedIn(alice, `/r/${room}`);
  await untilShown(page);
  await page.waitForTimeout(1_400);
  await expectFast("a room", ROOM_MS_MAX, async () => {
    const next = await page.context().newPage();
    const told = await load(next, `/r/${room}`, "li[data-seq]");
    await next.close();
    return told;
  });
});
