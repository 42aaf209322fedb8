import { openAnyCable } from "../dialects/anycable.ts";
import { openCentrifugo } from "../dialects/centrifugo.ts";
import { openEjabberd } from "../dialects/ejabberd.ts";
import { openNats } from "../dialects/nats.ts";
import { openParley } from "../dialects/parley.ts";
import { openResuming } from "../dialects/parley-resuming.ts";
import { openPlain } from "../dialects/plain.ts";
import { openSocketIo } from "../dialects/socketio.ts";
import { openTinode } from "../dialects/tinode.ts";
import type { OpenMember } from "./member.ts";

/** How a member of each kind of target is opened. */
export const DIALECTS = {
  parley: openParley,
  "parley-resuming": openResuming,
  socketio: openSocketIo,
  plain: openPlain,
  nats: openNats,
  ejabberd: openEjabberd,
  tinode: openTinode,
  anycable: openAnyCable,
  centrifugo: openCentrifugo,
} as const satisfies Record<string, OpenMember>;

export type DialectName = keyof typeof DIALECTS;
