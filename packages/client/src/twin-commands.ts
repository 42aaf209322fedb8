import type { Frame, User } from "./frames.ts";
import type { NewEvent, TwinRoom } from "./twin-rooms.ts";
import type { TwinSocket } from "./twin-socket.ts";

/** Messages that a subscription replays, and those that follow a gap. */
const REPLAY_MAX = 1_000;
const PAGE = 50;

/** What commands need of the twin's server. */
type TwinCommands = Readonly<{
  room(id: string): TwinRoom;
  append(room: string, event: NewEvent): { seq: number; at: string; isNew: boolean };
  tell(room: string, frame: object, except?: User): void;
}>;

type Command = (socket: TwinSocket, frame: Frame, twin: TwinCommands) => void;

const post: Command = (socket, frame, { append }) => {
  const { room = "", id = `made ${Math.random()}`, body, replyTo, receipt } = frame;
  const author = socket.user as User;
  const content = { body, ...(replyTo !== undefined && { replyTo }) };
  const { seq, at, isNew } = append(room, { type: "message", author, id, ...content });
  socket.push({ type: "ack", id, room, stored: "log", duplicate: !isNew, at });
  if (receipt === "stored") socket.push({ type: "stored", id, room, seq });
};

const react: Command = (socket, frame, { append }) => {
  const { room = "", id = `made ${Math.random()}`, seq: target, emoji, remove = false } = frame;
  const { at, isNew } = append(room, {
    type: "reaction",
    author: socket.user as User,
    id,
    target,
    emoji,
    remove,
  });
  socket.push({ type: "ack", id, room, stored: "log", duplicate: !isNew, at });
};

const read: Command = (socket, { room = "", id, seq }, { tell }) => {
  socket.push({ type: "ack", id, room, seq });
  tell(room, { type: "read", room, user: socket.user, seq });
};

const typing: Command = (socket, { room = "", isTyping }, { tell }) =>
  tell(room, { type: "typing", room, user: socket.user, isTyping }, socket.user);

function subscribe(
  socket: TwinSocket,
  { id: room, head, events }: TwinRoom,
  id?: string,
  after?: number,
): void {
  socket.rooms.add(room);
  const isReset = after !== undefined && after > head;
  const isGap = after !== undefined && head - after > REPLAY_MAX;
  const from = isReset || isGap ? Math.max(0, head - PAGE) : (after ?? head);
  const outcome = isReset ? "reset" : isGap ? "gap" : after === undefined ? "live" : "resumed";
  socket.push({ type: "subscribed", id, room, head, outcome, ...(isGap && { from: after + 1, to: from }) });
  for (const event of events.slice(from)) socket.push(event);
  socket.push({ type: "caught_up", room, seq: head });
}

/** The commands of both services. */
export const COMMANDS: Readonly<Record<string, Command>> = {
  message: post,
  reaction: react,
  read,
  typing,
  ping: (socket, { id }) => socket.push({ type: "pong", id, at: "" }),
  auth: (socket, { id }) => socket.push({ type: "authenticated", id, expiresAt: "" }),
  subscribe: (socket, { room = "", id, after }, twin) =>
    subscribe(socket, twin.room(room), id, after as number | undefined),
  resume(socket, { id, rooms }, twin) {
    for (const [room, after] of Object.entries(rooms as Record<string, number>))
      subscribe(socket, twin.room(room), id, after);
  },
  unsubscribe(socket, { room = "", id }) {
    socket.rooms.delete(room);
    socket.push({ type: "unsubscribed", room, id });
  },
};
