// expect: lint/style/noRestrictedImports
import { x } from "../../ws-producer/src/domain/message.ts";

export const used = x;
