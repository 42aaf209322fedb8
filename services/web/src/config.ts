import { LimitVariables } from "@parley/runtime/limits";
import { OriginVariables, Port, ServicePorts, ServiceVariables } from "@parley/runtime/variables";
import { type Static, Type } from "typebox";

// The page has no path of its own under which an edge could serve it.
const { PUBLIC_PREFIX: _, ...variables } = ServiceVariables;

/** Every environment variable that services/web reads. */
export const WebConfig = Type.Object({
  ...variables,
  ...LimitVariables,
  ...ServicePorts,
  WEB_PORT: OriginVariables.WEB_PORT,
  WEB_METRICS_PORT: Port(9083, "port of web for operators: metrics and the detail of its health"),
  API_URL: Type.Optional(
    Type.String({
      pattern: "^https?://[A-Za-z0-9.-]+(:[0-9]+)?$",
      description:
        "origin at which an edge serves /auth, /send and /listen; unset: the page finds the services at their ports of the host that it was opened at",
    }),
  ),
});
export type WebConfig = Static<typeof WebConfig>;
