// State by colour, shape and number: 1 square, 2 triangle, 3 diamond, 4 circle; hatched where nobody can judge.
import type { State } from "../api/types";
import { named, say } from "../words/say";

const SHAPES: Record<number, string> = {
  1: "M3 3h18v18H3z",
  2: "M12 2l11 20H1z",
  3: "M12 1l11 11-11 11L1 12z",
  4: "M12 2a10 10 0 1 1 0 20 10 10 0 0 1 0-20z",
};

interface Props {
  priority?: number | null;
  state?: State | string;
  /** False where the words stand beside it. */
  spoken?: boolean;
}

export function Mark({ priority = null, state = "alarm", spoken = true }: Props) {
  const text = priority ? say("priority.named", { n: priority }) : named("state", state);
  const label = spoken ? { role: "img" as const, "aria-label": text } : { "aria-hidden": true as const };
  if (state === "cannot_judge" || state === "no_model") {
    return (
      <svg class={`mark ${state}`} viewBox="0 0 24 24" {...label}>
        <rect x="3" y="3" width="18" height="18" rx="2" />
        {state === "cannot_judge" && <path d="M3 11L11 3M3 19L19 3M7 21L21 7M15 21l6-6" />}
      </svg>
    );
  }
  if (!priority && state === "normal") {
    return (
      <svg class="mark normal" viewBox="0 0 24 24" {...label}>
        <circle cx="12" cy="12" r="4" />
      </svg>
    );
  }
  const shape = priority ?? 4;
  const open = state === "shelved" || state === "anomalous";
  return (
    <svg class={`mark p${shape}${open ? " outlined" : ""}`} viewBox="0 0 24 24" {...label}>
      <path d={SHAPES[shape] ?? SHAPES[4]} />
      <text x="12" y={shape === 2 ? 19 : 17}>{priority ?? (open ? "~" : "!")}</text>
    </svg>
  );
}
