// expect: nothing
import { x as x0 } from "@parley/runtime/config";
import { x as x1 } from "typebox";

export const used = [x0, x1];
