import { Room } from "@parley/protocol/fields";
import { Type } from "typebox";

/** Path parameters of every route below `/api/v1/rooms/:room`. */
export const RoomParams = Type.Object({ room: Room });

/** A delivered message, for the examples in the OpenAPI document. */
export const MESSAGE_EXAMPLE = {
  type: "message",
  room: "general",
  seq: 42,
  id: "m1",
  author: { id: "0199aaaa-0000-7000-8000-000000000001", username: "alice" },
  body: "Hello",
  at: "2026-11-21T12:00:00.000Z",
} as const;
