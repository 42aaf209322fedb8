import { connectionNews } from "../state/connection.ts";
import { parley } from "../state/parley.ts";
import { text } from "../text/en.ts";

const words = text.connection;

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
      {news?.isLong && (
        <button type="button" class="try-now" onClick={() => parley.retry()}>
          {words.tryNow}
        </button>
      )}
    </div>
  );
}
