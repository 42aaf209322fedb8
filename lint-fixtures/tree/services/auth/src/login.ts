// expect: nothing
import { x as x0 } from "./users.ts";
import { x as x1 } from "argon2";
import { x as x2 } from "node:crypto";
import { x as x3 } from "@parley/runtime/log";

export const used = [x0, x1, x2, x3];
