import { Icon } from "../parts/icon.tsx";
import { Notice } from "../parts/notice.tsx";
import { text } from "../text/en.ts";

const words = text.room.notFound;

/** In the place of a room that does not exist, or that the reader is not in. */
export function NoRoom() {
  return (
    <main class="room">
      <header class="bar">
        <a class="icon-button is-narrow-only" href="/" aria-label={text.back}>
          <Icon name="back" />
        </a>
        <h1 class="bar-title">
          <span>{words.title}</span>
        </h1>
      </header>
      <Notice body={words.body} />
    </main>
  );
}
