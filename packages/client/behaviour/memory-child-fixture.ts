import { createParley } from "../src/index.ts";

/** Listens, reads and sends for a while; prints the bytes of its heap after each sixth of the time, and what it heard. */
const { url, token, seconds } = JSON.parse(process.argv[2] ?? "{}");
const { gc } = globalThis as unknown as { gc: () => void };

const parley = createParley({ url, auth: async () => token });
const room = parley.rooms.get("memory");
room.open();
let shown = 0;
room.timeline.subscribe(({ items }) => {
  shown = items.length;
});
let heard = 0;
const reading = (async () => {
  for await (const { seq } of room.events({ after: 0 })) heard = seq;
})();
const sending = setInterval(() => {
  void room.send(`mine ${heard}`);
  room.keystroke();
  room.read(Math.max(1, heard));
  room.react(Math.max(1, heard), "👍").catch(() => undefined);
}, 600);
const heaps: number[] = [];
for (let i = 0; i < 6; i += 1) {
  await new Promise((resolve) => setTimeout(resolve, (seconds * 1_000) / 6));
  gc();
  heaps.push(process.memoryUsage().heapUsed);
}
clearInterval(sending);
await parley.close();
await reading.catch(() => undefined);
process.stdout.write(JSON.stringify({ heaps, heard, shown }));
