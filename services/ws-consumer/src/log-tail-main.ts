import type { Msg } from "@nats-io/transport-node";
import { PACK_ROOM, parseLine } from "@parley/protocol/pack";
import { readConfig } from "@parley/runtime/config";
import { listen } from "@parley/runtime/listen";
import { ConsumerConfig } from "./config.ts";
import { connectTool, print, runTool } from "./operator-tool.ts";

/** `make log-tail`: one line for each entry that goes through the log from now on; texts in development only. */

const NAME = "make log-tail";
const TEXT_MAX = 120;

type Entry = Record<string, unknown> & Readonly<{ author?: { username?: unknown } }>;

/** Escaped as JSON, so that no text can control the terminal. */
const shown = (value: unknown) => JSON.stringify(value)?.slice(0, TEXT_MAX) ?? "";

/** One line for an entry; undefined if it is of another room than the one that is asked for. */
function lineOf(shard: string, text: string, showsText: boolean): string | undefined {
  let entry: Entry;
  try {
    entry = JSON.parse(text) as Entry;
  } catch {
    return `shard ${shard}  not JSON, ${text.length} characters`;
  }
  if (process.env.ROOM && entry.room !== process.env.ROOM) return undefined;
  const { type, room: where, id, author, at, body, ...rest } = entry;
  const said = showsText ? shown(body) : `${String(body).length} characters`;
  const more = Object.keys(rest).length > 0 && showsText ? shown(rest) : "";
  const what = body === undefined ? "" : said;
  return [at, `shard ${shard}`, where, author?.username, type, id, what, more].filter(Boolean).join("  ");
}

await runTool(NAME, async () => {
  const config = readConfig(ConsumerConfig, process.env);
  const { TEXT } = process.env;
  const showsText = TEXT === undefined || TEXT === "" ? config.NODE_ENV !== "production" : TEXT === "1";
  const nats = await connectTool(config, NAME);
  const onMessage = (msg: Msg) => {
    const [, shard = "", name] = msg.subject.split(".");
    const whole = msg.string();
    const lines = name === PACK_ROOM ? whole.split("\n").map((line) => parseLine(line).text) : [whole];
    for (const line of lines) {
      const told = lineOf(shard, line, showsText);
      if (told !== undefined) print(told);
    }
  };
  listen(nats, "chat.*.*", onMessage, (error) => process.stderr.write(`${NAME}: ${error}\n`));
  await nats.flush();
  print(`the log of ${nats.getServer()} from now on; Ctrl-C ends it`);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => void nats.close());
  await nats.closed();
});
