import { type ErrorCode, Refusal } from "@parley/protocol/codes";
import { zeroed } from "@parley/runtime/histogram";
import type { Static, TObject } from "typebox";
import { Compile, type Validator } from "typebox/compile";
import type { Connection } from "./connection.ts";
import { RESULTS, type Result } from "./socket-counts.ts";

/** What the work for a frame costs, in units of `work.ts`: a constant, or a function of the frame. */
type Cost<Frame> = number | ((frame: Frame) => number);

/** A type of frame that a client may send: its schema, compiled, its cost, its handler, and what became of such frames. */
export type Command = Readonly<{
  type: string;
  validator: Validator;
  cost: Cost<never>;
  handle: (connection: Connection, frame: never) => void | Promise<void>;
  results: Record<Result, number>;
  countOk: () => void;
}>;

/**
 * Makes a command of a frame's schema, its cost and its handler. The handler runs only if the sender's budgets have the
 * cost. It may throw a `Refusal` or reject with one: it is answered with an error frame.
 *
 * @example
 * command("ping", PingFrame, 0, (connection, { id }) => connection.send({ type: "pong", id }));
 */
export function command<S extends TObject>(
  type: string,
  schema: S,
  cost: Cost<Static<S>>,
  handle: (connection: Connection, frame: Static<S>) => void | Promise<void>,
): Command {
  const validator = Compile(schema) as unknown as Validator;
  const results = zeroed(RESULTS);
  const countOk = () => {
    results.ok += 1;
  };
  return {
    type,
    validator,
    cost: cost as Cost<never>,
    handle: handle as Command["handle"],
    results,
    countOk,
  };
}

/** Fields that are read before the schema is known. */
type AnyFrame = { type?: unknown; id?: unknown; room?: unknown; body?: unknown };

const parse = (text: string): AnyFrame => {
  let frame: unknown;
  try {
    frame = JSON.parse(text);
  } catch {
    throw new Refusal("bad_json", "a frame is one JSON object");
  }
  if (typeof frame !== "object" || frame === null || Array.isArray(frame)) {
    throw new Refusal("bad_frame", "a frame is one JSON object", { path: "" });
  }
  return frame;
};

/** Names the first rule that a frame breaks; not all of them, because a flood of bad frames must stay cheap. */
function refuse(validator: Validator, frame: AnyFrame): Refusal {
  const first = validator.Errors(frame)[0];
  if (!first) return new Refusal("bad_frame", "the frame does not fit", { path: "" });
  const missing = (first.params as { requiredProperties?: string[] }).requiredProperties?.[0];
  const path = missing === undefined ? first.instancePath : `${first.instancePath}/${missing}`;
  const code: ErrorCode = first.keyword === "maxLength" && path === "/body" ? "too_large" : "bad_frame";
  const field = missing ?? (path.slice(1) || "frame");
  return new Refusal(code, `${field}: ${missing === undefined ? first.message : "is required"}`, { path });
}

/** A frame that matches the schema of its command. */
type Parsed = Readonly<{ command: Command; frame: never }>;

/** The commands of a door by the type of their frame. */
export class CommandTable {
  readonly #commands: ReadonlyMap<string, Command>;
  readonly types: readonly string[];
  /** What became of the frames of each command. */
  readonly results: Readonly<Record<string, Command["results"]>>;
  /** The commands that cost the same each time. */
  readonly costs: Readonly<Record<string, number>>;

  constructor(commands: readonly Command[]) {
    this.#commands = new Map(commands.map((one) => [one.type, one]));
    this.types = [...this.#commands.keys()];
    this.results = Object.fromEntries(commands.map(({ type, results }) => [type, results]));
    const constant = commands.filter(({ cost }) => typeof cost === "number");
    this.costs = Object.fromEntries(constant.map(({ type, cost }) => [type, cost as number]));
  }

  /**
   * Parses one text frame, finds its command and checks its schema. A frame with `room` and `body` and without `type` is a
   * message.
   *
   * @throws {Refusal} `bad_json`, `bad_frame`, `too_large` or `unknown_type`; `errorFrame` adds the frame's id to it.
   */
  read(text: string): Parsed {
    const frame = parse(text);
    const type = frame.type ?? (frame.room !== undefined && frame.body !== undefined ? "message" : undefined);
    const found = typeof type === "string" ? this.#commands.get(type) : undefined;
    if (!found) throw withId(this.#unknown(type), frame);
    if (!found.validator.Check(frame)) {
      const refusal = withId(refuse(found.validator, frame), frame);
      COMMANDS.set(refusal, found);
      throw refusal;
    }
    return { command: found, frame: frame as never };
  }

  #unknown(type: unknown): Refusal {
    const known = `known types: ${this.types.join(", ")}`;
    if (type === undefined) return new Refusal("bad_frame", `type: is required; ${known}`, { path: "/type" });
    if (typeof type !== "string")
      return new Refusal("bad_frame", `type: must be string; ${known}`, { path: "/type" });
    return new Refusal("unknown_type", `unknown type; ${known}`, { path: "/type" });
  }
}

/** Commands of frames that break their schema. */
const COMMANDS = new WeakMap<object, Command>();

/** Where a refusal of `read` is counted; undefined if the frame is of no command. */
export const resultsOf = (refusal: object): Command["results"] | undefined => COMMANDS.get(refusal)?.results;

/** Ids of refused frames, where a frame had a valid one. */
const FRAME_IDS = new WeakMap<Refusal, string>();

function withId(refusal: Refusal, frame: AnyFrame): Refusal {
  if (typeof frame.id === "string" && frame.id.length <= 64 && frame.id.isWellFormed())
    FRAME_IDS.set(refusal, frame.id);
  return refusal;
}

/** The error frame that answers a refusal. `id` is the id of the refused frame; without it the one `read` found. */
export function errorFrame(refusal: Refusal, id?: string) {
  return {
    type: "error" as const,
    id: id ?? FRAME_IDS.get(refusal),
    code: refusal.code,
    message: refusal.message,
    retryAfterMs: refusal.retryAfterMs,
    path: refusal.path,
  };
}
