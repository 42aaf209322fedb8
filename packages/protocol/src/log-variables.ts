import { Type } from "typebox";

/** Variables of the log that its producers and its writers must agree on. */
export const LogVariables = {
  LOG_SHARDS: Type.Integer({
    minimum: 1,
    maximum: 256,
    default: 4,
    description: "streams that rooms are spread over; fixed at installation",
  }),
} as const;
