// expect: nothing
import { x as x0 } from "./room.ts";

export const used = [x0];
