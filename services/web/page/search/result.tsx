import type { Message } from "@parley/client";
import { Avatar } from "../parts/avatar.tsx";
import { Icon } from "../parts/icon.tsx";
import { kindIcon, titleOf } from "../parts/room-names.ts";
import { shortText, wholeText } from "../parts/times.ts";
import { summaryOf } from "../state/inbox.ts";
import { nameOf } from "../state/names.ts";
import { roomPath } from "../state/route.ts";
import { excerptOf } from "./excerpt.ts";

/** One message that was found; it leads to its place. */
export function Result({ message, q }: { message: Message; q: string }) {
  const { room, seq, author, at, body } = message;
  const summary = summaryOf(room);
  return (
    <li>
      <a class="result" href={roomPath(room, seq)}>
        <Avatar user={author} />
        <span class="result-by">
          <b>{nameOf(author)}</b>
          <span class="result-room">
            <Icon name={kindIcon(summary?.kind ?? "channel")} class="is-tiny" />
            {summary ? titleOf(summary) : room}
          </span>
          <time dateTime={at} title={wholeText(at)}>
            {shortText(at)}
          </time>
        </span>
        <span class="result-text">
          {excerptOf(body, q).map(({ text, isHit }, i) =>
            isHit ? <mark key={i}>{text}</mark> : <span key={i}>{text}</span>,
          )}
        </span>
      </a>
    </li>
  );
}
