// A field of a form: its words above it, its trouble below it.
import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

interface Props {
  words: string;
  value: string;
  onValue: (value: string) => void;
  hint?: string;
  type?: "text" | "password" | "search" | "datetime-local" | "number";
  name?: string;
  autocomplete?: string;
  required?: boolean;
  autoFocus?: boolean;
  minLength?: number;
  maxLength?: number;
  list?: string;
}

export function Field({ words, hint = "", value, onValue, type = "text", ...rest }: Props) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{words}</label>
      <input {...rest} type={type as "text"} id={id} value={value} aria-describedby={hint ? `${id}-hint` : undefined} onInput={(event) => onValue(event.currentTarget.value)} />
      {hint && <small id={`${id}-hint`}>{hint}</small>}
    </div>
  );
}

interface ChoiceProps {
  words: string;
  value: string;
  onValue: (value: string) => void;
  children: ComponentChildren;
}

export function Choice({ words, value, onValue, children }: ChoiceProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{words}</label>
      <select id={id} value={value} onChange={(event) => onValue(event.currentTarget.value)}>{children}</select>
    </div>
  );
}
