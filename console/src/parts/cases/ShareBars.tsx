// Which tags explain the case: a bar a tag, grouped by what they measure.
import type { Share } from "../../api/types";
import { percent } from "../../words/format";

const MOST = 24;

export function ShareBars({ shares }: { shares: Share[] }) {
  const top = [...shares].sort((a, b) => b.share - a.share).slice(0, MOST);
  const most = Math.max(0.01, ...top.map((share) => share.share));
  const groups = new Map<string, Share[]>();
  for (const share of top) groups.set(share.group || share.unit, [...(groups.get(share.group || share.unit) ?? []), share]);
  return (
    <div class="sharebars">
      {[...groups].map(([group, members]) => (
        <section key={group}>
          {group && <h3>{group}{members.every((share) => share.unit === members[0]!.unit) && members[0]!.unit !== group && members[0]!.unit && ` (${members[0]!.unit})`}</h3>}
          <ul>
            {members.map((share) => (
              <li key={share.tag}>
                <span class="name" title={share.tag}>{share.name || share.tag}</span>
                <span class="bar"><i style={{ width: `${(100 * Math.max(0, share.share)) / most}%` }} /></span>
                <span class="n">{percent(share.share)}</span>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}
