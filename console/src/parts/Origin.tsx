// Every number can be opened: where it comes from, which model and threshold made it, and where to look further.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { say } from "../words/say";
import { Dialog } from "./Dialog";

export interface Source {
  name: string;
  value: ComponentChildren;
}

interface Props {
  title: string;
  text: string;
  sources: Source[];
  children: ComponentChildren;
}

export function Origin({ title, text, sources, children }: Props) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" class="origin" title={say("origin.open")} onClick={() => setOpen(true)}>{children}</button>
      {open && (
        <Dialog title={title} onClose={() => setOpen(false)}>
          <p>{text}</p>
          <dl class="pairs">
            {sources.map((source) => (
              <div key={source.name}>
                <dt>{source.name}</dt>
                <dd>{source.value}</dd>
              </div>
            ))}
          </dl>
        </Dialog>
      )}
    </>
  );
}
