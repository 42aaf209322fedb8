// expect: nothing
import { x as x0 } from "@parley/protocol/log";

export const used = [x0];
