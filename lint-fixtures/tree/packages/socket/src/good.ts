// expect: nothing
import { x as x0 } from "@parley/protocol/codes";
import { x as x1 } from "@parley/runtime/log";
import { x as x2 } from "@parley/proto/auth/v1/auth";

export const used = [x0, x1, x2];
