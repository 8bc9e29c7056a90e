// The one control of the page's time: presets, steps, live, an exact stretch, and a strip of the whole history to drag in.
import { useEffect, useRef, useState } from "preact/hooks";
import { useKeys } from "../keyboard";
import { Dialog } from "../parts/Dialog";
import { Field } from "../parts/Field";
import { ask } from "../route";
import { day, duration, moment, utc } from "../words/format";
import { say } from "../words/say";
import { fromField, toField } from "../words/zone";
import { SHIFT_S, type TimeRange } from "./time_range";

const PRESETS = [["time.hour", 3600], ["time.shift", SHIFT_S], ["time.day", 86_400], ["time.week", 7 * 86_400], ["time.month", 30 * 86_400]] as const;

export function TimeBar({ range }: { range: TimeRange }) {
  const [exact, setExact] = useState(false);
  useEffect(() => range.follow(), [range]);
  useEffect(() => {
    const timer = window.setTimeout(() => ask(range.words()), 400);
    return () => window.clearTimeout(timer);
  }, [range.live.value, range.live.value ? 0 : range.start.value, range.live.value ? 0 : range.end.value]);
  useKeys({
    ArrowLeft: () => range.pan(-0.1), ArrowRight: () => range.pan(0.1), "+": () => range.zoom(0.5), "=": () => range.zoom(0.5),
    "Shift+ArrowLeft": () => range.point(-0.01), "Shift+ArrowRight": () => range.point(0.01), "-": () => range.zoom(2), "0": () => range.whole(), l: () => range.goLive(),
  });
  const [start, end] = [range.start.value, range.end.value];
  return (
    <div class="timebar" role="group" aria-label={say("time.label")}>
      <button type="button" aria-pressed={range.live.value} onClick={() => range.goLive()}>{say("time.live")}</button>
      <span class="joined">
        {PRESETS.map(([key, seconds]) => (
          <button type="button" key={key} aria-pressed={Math.abs(range.span.value - seconds) < 2} onClick={() => range.preset(seconds)}>{say(key)}</button>
        ))}
        <button type="button" onClick={() => range.whole()}>{say("time.campaign")}</button>
      </span>
      <span class="joined">
        <button type="button" aria-label={say("time.earlier")} onClick={() => range.pan(-0.5)}>◀</button>
        <button type="button" aria-label={say("time.closer")} onClick={() => range.zoom(0.5)}>+</button>
        <button type="button" aria-label={say("time.wider")} onClick={() => range.zoom(2)}>−</button>
        <button type="button" aria-label={say("time.later")} onClick={() => range.pan(0.5)}>▶</button>
      </span>
      <button type="button" class="quiet stretch" title={`${utc(start)} – ${utc(end)}`} onClick={() => setExact(true)}>
        {moment(start)} – {moment(end)} <small>({duration(end - start)})</small>
      </button>
      <Strip range={range} />
      {exact && <Exact range={range} onClose={() => setExact(false)} />}
    </div>
  );
}

/** The whole history with the stretch on show as a thumb. */
function Strip({ range }: { range: TimeRange }) {
  const box = useRef<HTMLDivElement>(null);
  const [first, last] = [range.first.value, Math.max(range.last.value, range.end.value)];
  if (!first || last <= first) return null;
  const place = (at: number): number => Math.max(0, Math.min(100, (100 * (at - first)) / (last - first)));
  const [left, right] = [place(range.start.value), place(range.end.value)];

  function onPointerDown(event: PointerEvent): void {
    const element = box.current!;
    const bounds = element.getBoundingClientRect();
    const at = (x: number): number => first + ((x - bounds.left) / bounds.width) * (last - first);
    const grip = event.target === element ? range.span.peek() / 2 : at(event.clientX) - range.start.peek();
    element.setPointerCapture(event.pointerId);
    range.remember();
    const move = (moved: PointerEvent): void => range.set(at(moved.clientX) - grip, at(moved.clientX) - grip + range.span.peek(), false);
    if (event.target === element) move(event);
    element.addEventListener("pointermove", move);
    element.addEventListener("lostpointercapture", () => element.removeEventListener("pointermove", move), { once: true });
  }

  return (
    <div class="strip" ref={box} role="slider" tabIndex={0} aria-label={say("time.strip")} aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round((left + right) / 2)}
      aria-valuetext={`${moment(range.start.value)} – ${moment(range.end.value)}`} onPointerDown={onPointerDown}>
      <i style={{ left: `${left}%`, width: `${Math.max(0.6, right - left)}%` }} />
      <small class="from">{day(first)}</small>
      <small class="to">{day(last)}</small>
    </div>
  );
}

function Exact({ range, onClose }: { range: TimeRange; onClose: () => void }) {
  const [from, setFrom] = useState(toField(range.start.peek()));
  const [to, setTo] = useState(toField(range.end.peek()));
  const [start, end] = [fromField(from), fromField(to)];
  const wrong = !(end > start);
  return (
    <Dialog title={say("time.exact")} onClose={onClose}>
      <form onSubmit={(event) => (event.preventDefault(), wrong || (range.set(start, end), onClose()))}>
        <Field words={say("time.from")} type="datetime-local" value={from} onValue={setFrom} required autoFocus />
        <Field words={say("time.to")} hint={wrong ? say("time.backwards") : ""} type="datetime-local" value={to} onValue={setTo} required />
        <button type="submit" class="first" disabled={wrong}>{say("time.show")}</button>
      </form>
    </Dialog>
  );
}
