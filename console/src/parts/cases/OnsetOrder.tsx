// Who left its normal first: a small timeline of onsets.
import type { CasePage } from "../../api/types";
import { duration, seconds, shortly, utc } from "../../words/format";
import { say } from "../../words/say";
import { now } from "../../api/clock";

export function OnsetOrder({ data, most = 12 }: { data: CasePage; most?: number }) {
  const moved = data.shares.filter((share) => share.onset).sort((a, b) => a.onset.localeCompare(b.onset)).slice(0, most);
  if (moved.length === 0) return null;
  const [first, last] = [seconds(moved[0]!.onset), seconds(moved.at(-1)!.onset)];
  return (
    <ol class="onsets" aria-label={say("case.order")}>
      {moved.map((share) => {
        const at = seconds(share.onset);
        return (
          <li key={share.tag}>
            <time dateTime={share.onset} title={utc(share.onset)}>{shortly(at, now.peek())}</time>
            <span class="track"><i style={{ left: `${last > first ? (92 * (at - first)) / (last - first) : 0}%` }} /></span>
            <span class="name">{share.name}</span>
            <small>{at === first ? say("case.first") : say("case.later", { after: duration(at - first) })}</small>
          </li>
        );
      })}
    </ol>
  );
}
