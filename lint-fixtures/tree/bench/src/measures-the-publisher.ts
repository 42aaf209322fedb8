// expect: nothing
import { x as x0 } from "../../services/ws-producer/src/adapters/nats/log-publisher.ts";

export const used = [x0];
