import { connectionLine } from "../state/connection.ts";

/** How the connection is, while there is something to tell. It lies over the page and moves nothing. */
export function StatusLine() {
  const line = connectionLine.value;
  return (
    <div class={line === "" ? "status" : "status is-shown"} role="status">
      {line}
    </div>
  );
}
