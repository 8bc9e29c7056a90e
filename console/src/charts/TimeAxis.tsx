// The marks of the time axis, in the site's zone, UTC on hover; dragging it moves the time.
import { useEffect, useRef, useState } from "preact/hooks";
import { moment, utc } from "../words/format";
import { folds } from "../words/zone";
import { say } from "../words/say";
import { GUTTER, MARK_PX } from "./Lane";
import { ticks } from "./ticks";
import type { TimeRange } from "./time_range";

export function TimeAxis({ range }: { range: TimeRange }) {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(800);
  useEffect(() => {
    const watch = new ResizeObserver(([entry]) => entry && setWidth(entry.contentRect.width));
    watch.observe(box.current!);
    return () => watch.disconnect();
  }, []);
  const [start, end] = [range.start.value, range.end.value];
  const left = (at: number): { left: string } => ({ left: `${(100 * (at - start)) / (end - start)}%` });

  function onPointerDown(event: PointerEvent): void {
    const from = event.clientX;
    const [before, span] = [range.start.peek(), range.span.peek()];
    const element = event.currentTarget as HTMLElement;
    element.setPointerCapture(event.pointerId);
    range.remember();
    const move = (moved: PointerEvent): void => {
      const by = ((from - moved.clientX) / width) * span;
      if (by !== 0) range.set(before + by, before + by + span, false);
    };
    element.addEventListener("pointermove", move);
    element.addEventListener("lostpointercapture", () => element.removeEventListener("pointermove", move), { once: true });
  }

  return (
    <div class="timeaxis" style={{ paddingLeft: `${GUTTER}px` }}>
      <div class="marks" ref={box} onPointerDown={onPointerDown}>
        {ticks(start, end, Math.max(2, width / MARK_PX)).map((mark) => (
          <span key={mark.at} class={mark.strong ? "strong" : ""} style={left(mark.at)} title={utc(mark.at)}>{mark.text}</span>
        ))}
        {folds(start, end).map((fold) => (
          <i key={fold.at} style={left(fold.at)} title={utc(fold.at)}>{say(fold.after < fold.before ? "time.fold" : "time.gap")}</i>
        ))}
        {range.cursor.value !== null && range.cursor.value >= start && range.cursor.value <= end && <Pointer at={range.cursor.value} left={left} />}
      </div>
    </div>
  );
}

function Pointer({ at, left }: { at: number; left: (at: number) => { left: string } }) {
  return <b class="pointer" style={left(at)}>{moment(at, true)}</b>;
}
