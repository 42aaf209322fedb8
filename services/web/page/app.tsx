import { Component, type ComponentChildren } from "preact";
import { Door } from "./door/door.tsx";
import { Mark } from "./parts/mark.tsx";
import { Notice } from "./parts/notice.tsx";
import { Shell } from "./shell/shell.tsx";
import { StatusLine } from "./shell/status-line.tsx";
import { phase, wasIn } from "./state/session.ts";
import { text } from "./text/en.ts";

/** Shows a fault of the page itself instead of an empty one. */
class Guard extends Component<{ children: ComponentChildren }, { hasFailed: boolean }> {
  override state = { hasFailed: false };

  override componentDidCatch(error: unknown): void {
    this.setState({ hasFailed: true });
    reportError(error);
  }

  override render({ children }: { children: ComponentChildren }) {
    if (!this.state.hasFailed) return children;
    return (
      <main class="screen">
        <Notice title={text.broken.title} body={text.broken.body}>
          <button type="button" class="button is-main" onClick={() => location.reload()}>
            {text.broken.reload}
          </button>
        </Notice>
      </main>
    );
  }
}

/** Who is signed in decides what is shown; the address decides the rest. */
function Content() {
  if (phase.value === "in") return <Shell />;
  if (phase.value === "out" || !wasIn) return <Door />;
  return (
    <div class="splash">
      <Mark size={48} />
    </div>
  );
}

export function App() {
  return (
    <Guard>
      <StatusLine />
      <Content />
    </Guard>
  );
}
