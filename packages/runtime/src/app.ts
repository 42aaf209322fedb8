import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import type { FastifyBaseLogger, FastifyInstance } from "fastify";
import type { WorkBudgets } from "./work.ts";

/** The HTTP side of a service, as `buildHttp` makes it. */
export type App = FastifyInstance<
  import("node:http").Server,
  import("node:http").IncomingMessage,
  import("node:http").ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
> & {
  /** What operators may see, on a port of its own. */
  readonly operators: FastifyInstance;
  /** Budgets of work by user and by address. */
  readonly budgets: WorkBudgets;
  /** Path under which an edge serves this service; empty if there is none. */
  readonly publicPrefix: string;
};
