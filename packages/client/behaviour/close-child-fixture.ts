import { createParley } from "../src/index.ts";

/** Opens and closes clients at random moments. Exits by itself, with 1 after an unhandled rejection. */
const { url, token, closes } = JSON.parse(process.argv[2] ?? "{}");
process.on("unhandledRejection", (error) => {
  process.stdout.write(`unhandled: ${String(error)}\n`);
  process.exitCode = 1;
});

async function openAndClose(i: number): Promise<void> {
  const parley = createParley({ url, auth: async () => token });
  const room = parley.rooms.get(`s9-${i % 10}`);
  room.open();
  const pending = room.send(`text ${i}`);
  if (i % 3 === 0) room.react(1, "👍").catch(() => undefined);
  room.keystroke();
  room.read(1);
  if (i % 4 === 0) parley.presence("nobody").subscribe(() => undefined);
  if (i % 5 === 0) void (async () => void (await room.events({ after: 0 }).next()))().catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 100));
  if (i % 7 === 0) pending.then(undefined, () => undefined);
  await parley.close();
}

const width = 10;
for (let i = 0; i < closes; i += width)
  await Promise.all(Array.from({ length: Math.min(width, closes - i) }, (_, n) => openAndClose(i + n)));
process.stdout.write(`closed ${closes}\n`);
