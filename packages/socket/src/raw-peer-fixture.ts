import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** The mask of RFC 6455 section 5.7. */
const MASK = [0x37, 0xfa, 0x21, 0x3d];

export const OPCODE = {
  continuation: 0x0,
  text: 0x1,
  binary: 0x2,
  close: 0x8,
  ping: 0x9,
  pong: 0xa,
} as const;

type FrameParts = Readonly<{
  opcode?: number;
  payload?: string | Buffer;
  /** Whether it is the last of its message; it is unless told otherwise. */
  isLast?: boolean;
  /** The four bytes of the mask; null for a frame without. */
  mask?: readonly number[] | null;
}>;

/** A frame as a client sends it (RFC 6455 section 5.2), or as none should. */
export function clientFrame({ opcode = 1, payload = "", isLast = true, mask = MASK }: FrameParts): Buffer {
  const bytes = Buffer.from(payload as string);
  const bits = mask ? 0x80 : 0;
  const head = Buffer.alloc(bytes.length < 126 ? 2 : bytes.length < 65_536 ? 4 : 10);
  head[0] = (isLast ? 0x80 : 0) | opcode;
  head[1] = bits | (head.length === 2 ? bytes.length : head.length === 4 ? 126 : 127);
  if (head.length === 4) head.writeUInt16BE(bytes.length, 2);
  if (head.length === 10) head.writeBigUInt64BE(BigInt(bytes.length), 2);
  const masked = mask ? bytes.map((byte, i) => byte ^ (mask[i % 4] as number)) : bytes;
  return Buffer.concat([head, Buffer.from(mask ?? []), masked]);
}

type ServerFrame = Readonly<{ opcode: number; payload: Buffer }>;

/** What a server sent: its frames are not masked. A frame that is cut is left out. */
function serverFrames(bytes: Buffer): ServerFrame[] {
  const frames: ServerFrame[] = [];
  for (let at = 0; at + 2 <= bytes.length; ) {
    const short = bytes[at + 1] as number;
    const from = at + (short === 126 ? 4 : 2);
    const end = from + (short === 126 ? bytes.readUInt16BE(at + 2) : short);
    if (end > bytes.length) break;
    frames.push({ opcode: (bytes[at] as number) & 0x0f, payload: bytes.subarray(from, end) });
    at = end;
  }
  return frames;
}

/** A WebSocket client for tests that decides itself which bytes leave in which write. */
export class RawPeer {
  readonly socket: Socket;
  #read = Buffer.alloc(0);

  /** Sends the handshake, and `behind` in the same write. `from`: its own address. */
  constructor(url: string, behind: Buffer = Buffer.alloc(0), from = "127.0.0.1") {
    const { hostname, port, pathname, search } = new URL(url);
    this.socket = connect({ host: hostname, port: Number(port), noDelay: true, localAddress: from });
    this.socket.on("data", (chunk: Buffer) => {
      this.#read = Buffer.concat([this.#read, chunk]);
    });
    this.socket.on("error", () => undefined);
    const handshake = [
      `GET ${pathname}${search} HTTP/1.1`,
      `Host: ${hostname}`,
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ];
    this.socket.write(Buffer.concat([Buffer.from(`${handshake.join("\r\n")}\r\n\r\n`), behind]));
  }

  /** The frames that came. */
  get frames(): ServerFrame[] {
    const head = this.#read.indexOf("\r\n\r\n");
    return head < 0 ? [] : serverFrames(this.#read.subarray(head + 4));
  }

  /** Resolves when the handshake is answered. */
  async opened(): Promise<void> {
    while (!this.#read.includes("\r\n\r\n")) await once(this.socket, "data");
  }

  /** Resolves when a frame came that matches. @throws {Error} if the socket ends before. */
  async frame(match: (payload: string, opcode: number) => boolean): Promise<string> {
    for (;;) {
      const found = this.frames.find(({ opcode, payload }) => match(String(payload), opcode));
      if (found) return String(found.payload);
      if (this.socket.readableEnded) throw new Error("the socket ended");
      await Promise.race([once(this.socket, "data"), once(this.socket, "end")]);
    }
  }

  /** The code of the close frame that came or comes. */
  async closeCode(): Promise<number> {
    await this.frame((_payload, opcode) => opcode === OPCODE.close);
    return this.frames.find(({ opcode }) => opcode === OPCODE.close)?.payload.readUInt16BE(0) as number;
  }
}
