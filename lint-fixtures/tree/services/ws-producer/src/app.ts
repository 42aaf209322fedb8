// expect: nothing
import { x as x0 } from "./adapters/http/good.ts";
import { x as x1 } from "./adapters/websocket/good.ts";
import { x as x2 } from "./application/post-message.ts";
import { x as x3 } from "@parley/runtime/http";

export const used = [x0, x1, x2, x3];
