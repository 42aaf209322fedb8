// expect: nothing
import { x } from "./adapters/nats/log-publisher.ts";

export const used = [x, process.env];
