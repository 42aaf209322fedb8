import { Notice } from "../parts/notice.tsx";
import { NoRoom } from "../room/no-room.tsx";
import { RoomView } from "../room/room-view.tsx";
import { route } from "../state/route.ts";
import { isWide } from "../state/wide.ts";
import { text } from "../text/en.ts";
import { LazyScreen } from "./lazy-screen.tsx";
import { Overlays } from "./overlays.tsx";
import { SCREENS } from "./screens.ts";
import { Sidebar } from "./sidebar.tsx";

/** What the address names, beside the inbox. */
function Pane() {
  const { value: shown } = route;
  const load = SCREENS[shown.name];
  const isRoom = shown.name === "room" || (shown.name === "details" && isWide.value);
  if (isRoom || load)
    return (
      <>
        {isRoom && (
          <RoomView key={shown.room} id={shown.room} target={shown.name === "room" ? shown.seq : undefined} />
        )}
        {load && <LazyScreen key={shown.name} load={load} />}
      </>
    );
  if (shown.name === "no-room") return <NoRoom />;
  if (shown.name === "home")
    return (
      <main class="screen is-home">
        <Notice body={text.inbox.pick} />
      </main>
    );
  return (
    <main class="screen">
      <Notice title={text.lost.title} body={text.lost.body}>
        <a class="button is-main" href="/">
          {text.lost.home}
        </a>
      </Notice>
    </main>
  );
}

/** The page of somebody who is signed in. On narrow screens either the inbox or the rest is seen. */
export function Shell() {
  const { name } = route.value;
  return (
    <div class={`shell ${name === "home" ? "is-home" : name === "details" ? "has-details" : ""}`}>
      <Sidebar />
      <Pane />
      <Overlays />
    </div>
  );
}
