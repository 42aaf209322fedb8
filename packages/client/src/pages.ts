import type { Core } from "./core.ts";
import type { Message } from "./frames.ts";
import type { Action, Page, TimelineState } from "./timeline.ts";

/** Messages in a page. */
const PAGE = 50;

export type Place = "newest" | "before" | "after" | "around";

/** Loads a page next to what is shown, or elsewhere; `now` is what is shown when the page is there. */
export async function loadPage(
  core: Core,
  room: string,
  place: Place,
  seq: number,
  now: () => TimelineState,
): Promise<Action> {
  const query = { [place]: place === "newest" ? undefined : seq, limit: PAGE };
  const { data: messages, head: pageHead = 0 } = await core.http<Message[]>(
    "GET",
    `/rooms/${encodeURIComponent(room)}/messages`,
    { query },
  );
  const page: Page = { messages, head: pageHead };
  const { head, hasOlder, hasNewer } = now();
  const isFull = messages.length >= PAGE;
  const isNext = place === "before" || place === "after";
  const end = messages.at(-1)?.seq ?? 0;
  const isLast = place === "after" ? !isFull : end < seq || end >= pageHead;
  return {
    type: "page",
    page,
    isNext,
    hasOlder: place === "after" ? hasOlder : (messages[0]?.seq ?? 1) > 1 && (isFull || place === "around"),
    // Live messages are not added while newer ones are missing: the end is reached when a page has them all.
    hasNewer: place === "before" ? hasNewer : place !== "newest" && (!isLast || pageHead < head),
  };
}
