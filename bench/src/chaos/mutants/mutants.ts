import type { Column } from "../checker.ts";
import { repeatScript, type Script } from "../schedule.ts";
import type { Patch } from "../source-tree.ts";

/** A deliberate fault in a copy of the sources, and the faults around it that expose it. */
type Mutant = Readonly<{
  name: string;
  /** What it breaks, in one sentence. */
  breaks: string;
  patches: readonly Patch[];
  /** SQL that removes what would hide it. */
  statements?: readonly string[];
  script: Script;
  /** Columns of the verdict of which at least one must count something. */
  shows: readonly Column[];
}>;

const patch = (file: string, search: string, replacement: string): Patch => ({ file, search, replacement });
const LANE = "services/ws-producer/src/adapters/log/shard-lane.ts";
const REQUESTS = "services/ws-producer/src/adapters/log/log-requests.ts";
const LOG = "packages/protocol/src/log.ts";
const HUB = "services/ws-consumer/src/delivery/hub.ts";
const WRITING = "services/ws-consumer/src/writing";
const READING = `${WRITING}/nats/log-reading.ts`;

/** Every mutant of the sources. The control of the power cuts is one of the server's configuration: see power/. */
export const MUTANTS: readonly Mutant[] = [
  {
    name: "ack-before-log",
    breaks: "the producer acknowledges before the log has it",
    patches: [
      patch(
        LANE,
        "    return pending.outcome.promise;",
        `    pending.outcome.promise.catch(() => undefined);
    const at = new Date().toISOString();
    return Promise.resolve({ seq: 0, shard: this.shard, duplicate: false, at });`,
      ),
    ],
    script: repeatScript(3, 7_000, [
      ["stop nats", 2_000, 1_500],
      ["kill ws-producer", 2_700, 100],
    ]),
    shows: ["lost"],
  },
  {
    name: "cursor-apart",
    // A crash between the two statements skips a batch for good.
    breaks: "the writer moves the cursor in a statement of its own",
    patches: [
      patch(
        `${WRITING}/postgres/shared-writes.ts`,
        '    crashPoint("writer-before-write");\n',
        `    const [ahead] = await this.#database.query(
      "update chat.shards set cursor = $4, cursor_time = $5 where shard = $1 and epoch = $2 and cursor = $3 returning 1",
      [position.shard, position.epoch, position.cursor, batch.cursor, batch.cursorTime],
    );
    if (ahead === undefined) throw new FencedError("fenced");
    position = { ...position, cursor: batch.cursor };
`,
      ),
    ],
    script: [
      ...repeatScript(16, 700, [["cut consumer-postgres", 2_000, 50]]),
      ["kill ws-consumer", 14_000, 100],
      ["kill postgres", 18_000, 100],
    ],
    shows: ["lost"],
  },
  {
    name: "no-epoch",
    breaks: "nothing fences a writer that lost its lease",
    patches: [
      patch(`${WRITING}/postgres/write-statement.ts`, " and s.epoch = p.epoch and s.cursor = p.cursor", ""),
      patch(`${WRITING}/write-shard.ts`, "stored.epoch !== epoch", "epoch < 0"),
      patch(`${WRITING}/run-writers.ts`, "holder !== instance", 'holder === ""'),
    ],
    script: repeatScript(4, 8_000, [["fence ws-consumer", 2_000, 6_500]]),
    shows: ["unfenced"],
  },
  {
    name: "live-as-truth",
    breaks: "a lost live message is not repaired from history",
    patches: [patch(HUB, "feed.known <= feed.head", 'feed.known <= feed.head || feed.room !== ""')],
    script: repeatScript(4, 3_000, [["cut consumer-nats", 2_000, 500]]),
    shows: ["missing"],
  },
  {
    name: "no-dedup",
    breaks: "neither the producer, the log nor the database recognises a duplicate",
    patches: [
      patch(REQUESTS, "head.set(MESSAGE_ID_HEADER, key);", ""),
      patch(LANE, "firstAt !== undefined && this.#isOpen", "false"),
    ],
    statements: [
      ...[0, 1, 2, 3, 4, 5, 6, 7].map((n) => `drop index chat.entries_${n}_key`),
      // The lookup for `stored` receipts still needs an index.
      "create index on chat.entries (chat.entry_key(room, author_id, type, client_id))",
    ],
    script: repeatScript(4, 2_000, [
      ["repeat clients", 2_000, 500],
      ["cut producer-nats", 3_000, 200],
    ]),
    shows: ["duplicated"],
  },
  {
    name: "workqueue",
    breaks: "the log has WorkQueue retention: delivered messages are removed from it",
    patches: [
      patch(LOG, "retention: RetentionPolicy.Limits", "retention: RetentionPolicy.Workqueue"),
      patch(LOG, "retention === RetentionPolicy.Limits", "retention === RetentionPolicy.Workqueue"),
      patch(READING, "AckPolicy.None,", "AckPolicy.Explicit, max_ack_pending: -1,"),
      patch(READING, "DeliverPolicy.StartSequence", "cursor < 0 ? DeliverPolicy.New : DeliverPolicy.All"),
      patch(READING, "    opt_start_seq: cursor + 1,\n", ""),
      // A queue has one consumer: the next writer waits until the server has forgotten the last one's.
      patch(READING, "IDLE_MAX_MS = 30_000", "IDLE_MAX_MS = 1_000"),
      patch(
        READING,
        "this.#nextDelivery += 1;",
        'this.#nextDelivery += 1; this.#deps.nats.publish(reply, "+ACK");',
      ),
    ],
    script: [
      ...repeatScript(6, 1_500, [["cut consumer-postgres", 2_000, 300]]),
      ["kill ws-consumer", 12_000, 100],
    ],
    shows: ["lost"],
  },
];

/** @throws {Error} that names the known mutants. */
export function mutantNamed(name: string): Mutant {
  const mutant = MUTANTS.find((one) => one.name === name);
  if (mutant !== undefined) return mutant;
  const known = MUTANTS.map((one) => one.name);
  throw new Error(`there is no mutant ${name}, only ${known.join(", ")}`);
}
