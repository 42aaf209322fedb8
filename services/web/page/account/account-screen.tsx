import { Icon } from "../parts/icon.tsx";
import { me, signOut } from "../state/session.ts";
import { text } from "../text/en.ts";

/** The user's account. */
export function AccountScreen() {
  const user = me.value;
  return (
    <main class="screen">
      <header class="bar">
        <a class="icon-button is-narrow-only" href="/" aria-label={text.back}>
          <Icon name="back" />
        </a>
        <h1 class="bar-title">{text.inbox.account}</h1>
      </header>
      <div class="screen-body">
        <p>
          {user?.displayName} @{user?.username}
        </p>
        <button type="button" class="button" onClick={() => void signOut()}>
          <Icon name="leave" class="is-small" /> {text.inbox.signOut}
        </button>
      </div>
    </main>
  );
}
