import { useLayoutEffect, useRef } from "preact/hooks";
import { connectionNews } from "../state/connection.ts";
import { parley } from "../state/parley.ts";
import { text } from "../text/en.ts";

const words = text.connection;

/** Ends a long wait. It goes as soon as there is none: the focus, if it is here, goes back to where it was. */
function TryNow() {
  const button = useRef<HTMLButtonElement>(null);
  const before = useRef<EventTarget | null>(null);
  useLayoutEffect(
    () => () => {
      if (document.activeElement === button.current) (before.current as HTMLElement | null)?.focus();
    },
    [],
  );
  return (
    <button
      ref={button}
      type="button"
      class="try-now"
      onMouseDown={(event) => event.preventDefault()}
      onFocus={({ relatedTarget }) => {
        before.current = relatedTarget ?? before.current;
      }}
      onClick={() => parley.retry()}
    >
      {words.tryNow}
    </button>
  );
}

/** How the connection is, while there is something to tell. It lies over the page and moves nothing. */
export function StatusLine() {
  const news = connectionNews.value;
  return (
    <div class={news ? "status is-shown" : "status"}>
      <span role="status">
        {news?.text}
        {/* Not spoken: it changes each second. */}
        {news && news.seconds > 0 && <span aria-hidden="true"> {words.inSeconds(news.seconds)}</span>}
        {news && news.waiting > 0 && ` · ${words.waiting(news.waiting)}`}
      </span>
      {news?.isLong && <TryNow />}
    </div>
  );
}
