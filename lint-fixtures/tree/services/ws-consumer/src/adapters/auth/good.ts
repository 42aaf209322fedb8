// expect: nothing
import { x as x0 } from "../../domain/message.ts";
import { x as x1 } from "../../application/subscribe.ts";
import { x as x2 } from "./same-folder.ts";
import { x as x3 } from "@parley/protocol/codes";
import { x as x4 } from "@parley/runtime/log";
import { x as x5 } from "node:crypto";
import { x as x6 } from "@grpc/grpc-js";

export const used = [x0, x1, x2, x3, x4, x5, x6];
