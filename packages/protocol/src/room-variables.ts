import { Type } from "typebox";

/** Variables of rooms that producers and consumers must agree on. */
export const RoomVariables = {
  CHANNEL_AUTO_CREATE: Type.Boolean({ default: true, description: "a channel is made by its first message" }),
} as const;
