import { openParley } from "../dialects/parley.ts";
import { openPlain } from "../dialects/plain.ts";
import { openSocketIo } from "../dialects/socketio.ts";
import type { OpenMember } from "./member.ts";

/** How a member of each kind of target is opened. */
export const DIALECTS = {
  parley: openParley,
  socketio: openSocketIo,
  plain: openPlain,
} as const satisfies Record<string, OpenMember>;

export type DialectName = keyof typeof DIALECTS;
