// expect: nothing
import { x as x0 } from "@parley/protocol/codes";

export const used = [x0];
