import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

/** A part of a screen, under a heading. */
export function Section(props: { title: string; hint?: string; children: ComponentChildren }) {
  const id = useId();
  return (
    <section class="section" aria-labelledby={id}>
      <h2 id={id}>{props.title}</h2>
      {props.hint && <p class="hint">{props.hint}</p>}
      {props.children}
    </section>
  );
}
