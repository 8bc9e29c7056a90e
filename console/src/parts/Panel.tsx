// A picture or a table that answers one question, written as its heading.
import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

interface Props {
  question: string;
  side?: ComponentChildren;
  children: ComponentChildren;
  class?: string;
}

export function Panel({ question, side, children, class: name = "" }: Props) {
  const id = useId();
  return (
    <section class={`panel ${name}`} aria-labelledby={id}>
      <header>
        <h2 id={id}>{question}</h2>
        {side}
      </header>
      {children}
    </section>
  );
}
