import type { Entry } from "./evidence.ts";

/** Messages that one page of history is asked for. */
const PAGE = 200;
const PAGE_DEADLINE_MS = 5_000;

/** A message as REST and live frames have it. */
export type Message = Readonly<{
  seq: number;
  id: string;
  body: string;
  author: Readonly<{ id: string; username: string }>;
}>;

export const entryOf = ({ seq, id, body, author }: Message): Entry => ({ seq, author: author.id, id, body });

/** One page of a room's history, the oldest first. @throws if the consumer does not answer 200. */
export async function readPage(
  baseUrl: string,
  token: string,
  room: string,
  after: number,
  limit = PAGE,
): Promise<Message[]> {
  const url = `${baseUrl}/api/v1/rooms/${room}/messages?after=${after}&limit=${Math.min(PAGE, limit)}`;
  const headers = { authorization: `Bearer ${token}` };
  const answer = await fetch(url, { headers, signal: AbortSignal.timeout(PAGE_DEADLINE_MS) });
  if (answer.status !== 200) throw new Error(`history answered ${answer.status}: ${await answer.text()}`);
  return ((await answer.json()) as { data: Message[] }).data;
}

/** All of a room's history, page by page. */
export async function readHistory(baseUrl: string, token: string, room: string): Promise<Message[]> {
  const messages: Message[] = [];
  for (;;) {
    const page = await readPage(baseUrl, token, room, messages.at(-1)?.seq ?? 0);
    messages.push(...page);
    if (page.length < PAGE) return messages;
  }
}
