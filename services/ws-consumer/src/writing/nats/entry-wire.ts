import type { Msg } from "@nats-io/transport-node";

/** An entry's header and payload, byte for byte as they came. */
export type Wire = Readonly<{ bytes: Buffer; headLength: number }>;

/** The class of the library's messages has it, their type does not: the length of subject, reply, header and payload. */
type Sized = Msg & Readonly<{ size(): number }>;

/**
 * Where an entry lies in what was read from the connection. The library has the header in front of the payload, and
 * would decode all of it into a map, which costs more than all the rest that is done to an entry here.
 */
export function wireOf(msg: Msg, data: Uint8Array): Wire {
  const before = (msg as Sized).size() - msg.subject.length - (msg.reply?.length ?? 0) - data.length;
  // A subject that is not ASCII makes it a little too long: what is too much is in the first line, which nobody reads.
  const headLength = Math.min(before, data.byteOffset);
  const bytes = Buffer.from(data.buffer, data.byteOffset - headLength, headLength + data.length);
  return { bytes, headLength };
}

/** The first value of a header; undefined if there is none of that name, to the letter. */
export function headerOf({ bytes, headLength }: Wire, name: string): string | undefined {
  const hasName = bytes.toString("latin1", 0, headLength).includes(name);
  return hasName ? headersOf({ bytes, headLength })[name]?.[0] : undefined;
}

/** All headers. */
export function headersOf({ bytes, headLength }: Wire): Record<string, string[]> {
  const headers = new Map<string, string[]>();
  for (const line of bytes.toString("utf8", 0, headLength).split("\r\n").slice(1)) {
    const colon = line.indexOf(":");
    if (colon === -1) continue;
    const name = line.slice(0, colon);
    const value = line.slice(colon + 1).trim();
    const values = headers.get(name);
    if (values) values.push(value);
    else headers.set(name, [value]);
  }
  return Object.fromEntries(headers);
}
