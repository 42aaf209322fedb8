import { Type } from "typebox";

/** Environment variables of the log, which must be equal in producers and writers. */
export const LogVariables = {
  LOG_SHARDS: Type.Integer({
    minimum: 1,
    maximum: 256,
    default: 4,
    description: "streams that rooms are spread over; fixed at installation",
  }),
} as const;

/** Environment variables of rooms, which must be equal in producers and consumers. */
export const RoomVariables = {
  CHANNEL_AUTO_CREATE: Type.Boolean({
    default: true,
    description: "whether a channel is created by its first message",
  }),
} as const;
