import type { ComponentChildren } from "preact";
import { Mark } from "./mark.tsx";

/** What is shown where there is nothing else: what is the matter, and what to do. */
export function Notice(props: { title?: string; body: string; children?: ComponentChildren }) {
  return (
    <div class="notice">
      <Mark size={40} />
      {props.title && <h2>{props.title}</h2>}
      <p>{props.body}</p>
      {props.children}
    </div>
  );
}
