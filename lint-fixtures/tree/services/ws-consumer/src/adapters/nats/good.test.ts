// expect: nothing
import { x as x0 } from "@parley/devstack/nats-server";
import { x as x1 } from "../postgres/good.ts";
import { x as x2 } from "vitest";

export const used = [x0, x1, x2];
