import type { Msg } from "@nats-io/transport-node";
import { PACK_ROOM, parseLine } from "@parley/protocol/pack";
import { readConfig } from "@parley/runtime/config";
import { listen } from "@parley/runtime/listen";
import { createLog } from "@parley/runtime/log";
import { connectNats } from "@parley/runtime/nats";
import { natsOptions } from "@parley/runtime/variables";
import { ConsumerConfig } from "./config.ts";

/** `make log-tail`: one line for each entry that goes through the log from now on; texts in development only. */

const TEXT_MAX = 120;

type Entry = Record<string, unknown> & Readonly<{ author?: { username?: unknown } }>;

const config = readConfig(ConsumerConfig, process.env);
const { ROOM: room, TEXT } = process.env;
const showsText = TEXT === undefined || TEXT === "" ? config.NODE_ENV !== "production" : TEXT === "1";
const print = (line: string) => process.stdout.write(`${line}\n`);

/** Escaped as JSON, so that no text can control the terminal. */
const shown = (value: unknown) => JSON.stringify(value)?.slice(0, TEXT_MAX) ?? "";

/** One line for an entry; undefined if it is of another room than the one that is asked for. */
function lineOf(shard: string, text: string): string | undefined {
  let entry: Entry;
  try {
    entry = JSON.parse(text) as Entry;
  } catch {
    return `shard ${shard}  not JSON, ${text.length} characters`;
  }
  if (room && entry.room !== room) return undefined;
  const { type, room: where, id, author, at, body, ...rest } = entry;
  const said = showsText ? shown(body) : `${String(body).length} characters`;
  const more = Object.keys(rest).length > 0 && showsText ? shown(rest) : "";
  const what = body === undefined ? "" : said;
  return [at, `shard ${shard}`, where, author?.username, type, id, what, more].filter(Boolean).join("  ");
}

const nats = await connectNats({
  ...natsOptions(config),
  name: "log-tail",
  log: createLog("log-tail", "warn"),
});
const onMessage = (msg: Msg) => {
  const [, shard = "", name] = msg.subject.split(".");
  const lines =
    name === PACK_ROOM
      ? msg
          .string()
          .split("\n")
          .map((line) => parseLine(line).text)
      : [msg.string()];
  for (const line of lines) {
    const told = lineOf(shard, line);
    if (told !== undefined) print(told);
  }
};
listen(nats, "chat.*.*", onMessage, (error) => process.stderr.write(`make log-tail: ${error}\n`));
await nats.flush();
print(`the log of ${nats.getServer()} from now on; Ctrl-C ends it`);
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => void nats.close());
await nats.closed();
