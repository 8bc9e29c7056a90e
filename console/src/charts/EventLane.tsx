// Events, time nobody could judge, and maintenance, as spans on the time axis.
import type { Span } from "../api/types";
import { place } from "../route";
import { moment } from "../words/format";
import { named, say } from "../words/say";
import { GUTTER } from "./Lane";
import type { TimeRange } from "./time_range";

/** Percent of the lane below which a span shows no text. */
const ROOM = 3;

export function EventLane({ range, spans }: { range: TimeRange; spans: Span[] }) {
  const [start, end] = [range.start.value, range.end.value];
  const shown = spans.filter((span) => span.start < end && (span.end ?? Infinity) > start);
  const at = (moment: number): number => Math.max(0, Math.min(100, (100 * (moment - start)) / (end - start)));
  return (
    <div class="eventlane" style={{ paddingLeft: `${GUTTER}px` }}>
      <ul aria-label={say("asset.events")}>
        {shown.map((span) => {
          const left = at(span.start);
          const width = Math.max(0.4, at(span.end ?? end) - left);
          const style = { left: `${left}%`, width: `${width}%` };
          const shownText = width > ROOM ? span.text : ""; // text that has no room costs time at each frame
          const text = `${named("span", span.kind)}: ${span.text}`;
          const title = `${text}\n${moment(span.start)} – ${span.end === null ? say("asset.still") : moment(span.end)}`;
          const name = `span ${span.kind} p${span.priority ?? 4}`;
          return (
            <li key={`${span.kind}${span.start}`} style={style} class={name}>
              {span.id ? <a href={place("cases", span.id)} title={title} aria-label={text}>{shownText}</a> : <span title={title}>{shownText}</span>}
            </li>
          );
        })}
      </ul>
    </div>
  );
}
