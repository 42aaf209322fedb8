import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import "../styles/screens.css";
import { screenTitle } from "../state/title.ts";
import { text } from "../text/en.ts";
import { Icon } from "./icon.tsx";

type Props = Readonly<{
  title: string;
  /** Where the arrow of narrow screens leads. */
  back?: string;
  /** Beside a room instead of in its place. */
  isAside?: boolean;
  class?: string;
  /** Right of the title. */
  tools?: ComponentChildren;
  children: ComponentChildren;
}>;

/** A screen beside the inbox. Its title gets the focus, unless a field in it has taken it. */
export function Screen({ title, back = "/", isAside = false, class: classes = "", tools, children }: Props) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    const box = heading.current?.closest(".screen");
    if (!box?.contains(document.activeElement)) heading.current?.focus({ preventScroll: true });
  }, []);
  useEffect(() => {
    if (isAside) return;
    screenTitle.value = title;
    return () => {
      screenTitle.value = "";
    };
  }, [title, isAside]);
  const Box = isAside ? "aside" : "main";
  const Heading = isAside ? "h2" : "h1";
  return (
    <Box class={`screen ${classes}`} {...(isAside && { "aria-label": title })}>
      <header class="bar">
        <a class="icon-button is-narrow-only" href={back} aria-label={text.back}>
          <Icon name="back" />
        </a>
        <Heading ref={heading} class="bar-title" tabIndex={-1}>
          <span>{title}</span>
        </Heading>
        {tools}
      </header>
      <div class="screen-body">{children}</div>
    </Box>
  );
}
