// A page: its question as the heading, which takes the focus when the page was reached by a link or a key.
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { session } from "../api/http";

interface Props {
  title: string;
  question?: string;
  side?: ComponentChildren;
  children: ComponentChildren;
}

let first = true;

export function Page({ title, question = "", side, children }: Props) {
  const head = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} – ${session.value?.site || "Andon"}`;
  }, [title]);
  useEffect(() => {
    if (!first) head.current?.focus({ preventScroll: true });
    first = false;
  }, []);
  return (
    <main id="main">
      <header class="pagehead">
        <div>
          <h1 ref={head} tabIndex={-1}>{title}</h1>
          {question && <p class="question">{question}</p>}
        </div>
        {side && <div class="side">{side}</div>}
      </header>
      {children}
    </main>
  );
}
