// What stands where an answer is not here yet: nothing for 300 ms, then a skeleton of its shape; a refusal in its own words.
import type { ComponentChildren } from "preact";
import type { Resource } from "../api/resource";
import { say } from "../words/say";

interface Props<T> {
  of: Resource<T>;
  shape?: "tiles" | "rows" | "lanes";
  children: (data: T) => ComponentChildren;
}

export function Waiting<T>({ of, shape = "rows", children }: Props<T>) {
  const data = of.data.value;
  if (data !== undefined) return <>{children(data)}</>;
  const problem = of.problem.value;
  if (problem) {
    return (
      <div class="refusal" role="alert">
        <p>{problem.message}</p>
        <button type="button" onClick={of.reload}>{say("again")}</button>
      </div>
    );
  }
  return of.late.value ? <Skeleton shape={shape} /> : <div class="unready" />;
}

function Skeleton({ shape }: { shape: string }) {
  return (
    <div class={`skeleton ${shape}`} role="status" aria-label={say("loading")}>
      {Array.from({ length: shape === "lanes" ? 4 : 9 }, (_, place) => <i key={place} />)}
    </div>
  );
}
