// expect: nothing
import { x as x0 } from "../domain/message.ts";
import { x as x1 } from "./publish-message.ts";
import { x as x2 } from "@parley/protocol/codes";

export const used = [x0, x1, x2];
