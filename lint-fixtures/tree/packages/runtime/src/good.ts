// expect: nothing
import { x as x0 } from "fastify";
import { x as x1 } from "./log.ts";

export const used = [x0, x1];
