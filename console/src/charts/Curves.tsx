// A small plain chart of a few lines: drawn as SVG, read out by its label and the table beside it.
import { useEffect, useRef, useState } from "preact/hooks";
import { number } from "../words/format";

export interface Curve {
  name: string;
  points: [number, number | null][];
  /** One of the dash patterns below: lines are told apart without colour. */
  style: number;
}

interface Props {
  curves: Curve[];
  label: string;
  xName: string;
  yName: string;
  xLog?: boolean;
  yLog?: boolean;
  xText?: (x: number) => string;
  yText?: (y: number) => string;
  xMarks?: number[];
  at?: { x: number; text: string };
  height?: number;
}

const DASHES = ["", "7 4", "2 3", "10 3 2 3", "14 5"];
const LEFT = 64;
const BOTTOM = 40;
const TOP = 12;
const LETTER = 7;

/** On a logarithmic axis nothing is at once: what is not above zero stands where the smallest positive value does. */
function risen(curves: Curve[]): Curve[] {
  const positive = curves.flatMap((curve) => curve.points.flatMap(([, y]) => (y !== null && y > 0 ? [y] : [])));
  const least = positive.length ? Math.min(...positive) : 1;
  return curves.map((curve) => ({ ...curve, points: curve.points.map(([x, y]): [number, number | null] => [x, y === null ? null : Math.max(y, least)]) }));
}

export function Curves({ curves: given, label, xName, yName, xLog = false, yLog = false, xText = number, yText = number, xMarks, at, height = 240 }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const curves = yLog ? risen(given) : given;
  const [width, setWidth] = useState(560);
  useEffect(() => {
    const watch = new ResizeObserver(([entry]) => entry && setWidth(Math.max(240, entry.contentRect.width)));
    watch.observe(box.current!);
    return () => watch.disconnect();
  }, []);
  const longest = Math.max(...curves.map((curve) => [...curve.name].reduce((sum, letter) => sum + (letter > "\u2e80" ? 2 : 1), 0)));
  const named = width >= 420 && curves.length > 1;
  const right = named ? longest * LETTER + 8 : 12;
  const xs = curves.flatMap((curve) => curve.points.map(([x]) => x));
  const ys = curves.flatMap((curve) => curve.points.flatMap(([, y]) => (y === null ? [] : [y])));
  if (ys.length === 0) return <div ref={box} />;
  const fx = scale(Math.min(...xs), Math.max(...xs), LEFT, width - right, xLog);
  const spread = yLog ? [Math.min(...ys), Math.max(...ys)] : padded(Math.min(...ys), Math.max(...ys));
  const fy = scale(spread[0]!, spread[1]!, height - BOTTOM, TOP, yLog);
  const yMarks = yLog ? decades(spread[0]!, spread[1]!) : nice(spread[0]!, spread[1]!, 5);
  const ends = spreadOut(curves.map((curve) => fy(curve.points.findLast(([, y]) => y !== null)?.[1] ?? spread[0]!)));
  return (
    <div class="curves" ref={box}>
      <svg width={width} height={height} role="img" aria-label={label}>
        {yMarks.map((y) => (
          <g key={y}>
            <line class="rule" x1={LEFT} x2={width - right} y1={fy(y)} y2={fy(y)} />
            <text class="tick" x={LEFT - 6} y={fy(y) + 4} text-anchor="end">{yText(y)}</text>
          </g>
        ))}
        {(xMarks ?? nice(Math.min(...xs), Math.max(...xs), Math.max(2, width / 130))).map((x) => (
          <text key={x} class="tick" x={fx(x)} y={height - BOTTOM + 16} text-anchor="middle">{xText(x)}</text>
        ))}
        <text class="axis" x={(LEFT + width - right) / 2} y={height - 4} text-anchor="middle">{xName}</text>
        <text class="axis" x={4} y={TOP} text-anchor="start">{yName}</text>
        {at && <line class="now" x1={fx(at.x)} x2={fx(at.x)} y1={TOP} y2={height - BOTTOM} />}
        {curves.map((curve, place) => (
          <g key={curve.name} class={`curve c${curve.style}`}>
            <path d={path(curve.points, fx, fy)} stroke-dasharray={DASHES[curve.style % DASHES.length]} />
            {named && <text class="name" x={width - right + 6} y={ends[place]! + 4}>{curve.name}</text>}
          </g>
        ))}
      </svg>
      {!named && curves.length > 1 && (
        <ul class="legend">
          {curves.map((curve) => (
            <li key={curve.name} class={`curve c${curve.style}`}>
              <svg width="28" height="8" aria-hidden="true"><path d="M0 4H28" stroke-dasharray={DASHES[curve.style % DASHES.length]} /></svg> {curve.name}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

type Scale = (value: number) => number;

function scale(from: number, to: number, low: number, high: number, log: boolean): Scale {
  const f = log ? Math.log : (x: number): number => x;
  const [a, b] = [f(from), f(to)];
  return (value) => low + ((high - low) * (f(value) - a)) / (b - a || 1);
}

function padded(low: number, high: number): [number, number] {
  const pad = (high - low) * 0.06 || 1;
  return [low - pad, high + pad];
}

function nice(low: number, high: number, most: number): number[] {
  const rough = (high - low) / most || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((width) => width >= rough) ?? rough;
  const out: number[] = [];
  for (let mark = Math.ceil(low / step); mark * step <= high; mark++) out.push(mark * step);
  return out;
}

/** Round durations of a logarithmic axis of seconds. */
function decades(low: number, high: number): number[] {
  return [60, 300, 900, 3600, 4 * 3600, 12 * 3600, 86_400, 3 * 86_400, 10 * 86_400].filter((mark) => mark >= low && mark <= high);
}

function path(points: [number, number | null][], fx: Scale, fy: Scale): string {
  let pen = false;
  let out = "";
  for (const [x, y] of points) {
    if (y !== null) out += `${pen ? "L" : "M"}${fx(x).toFixed(1)} ${fy(y).toFixed(1)}`;
    pen = y !== null;
  }
  return out;
}

/** Names at the ends of lines, moved apart so that none covers another. */
function spreadOut(wanted: number[], room = 15): number[] {
  const order = wanted.map((y, place) => [y, place] as const).sort((a, b) => a[0] - b[0]);
  const out = [...wanted];
  let last = -Infinity;
  for (const [y, place] of order) {
    out[place] = last = Math.max(y, last + room);
  }
  return out;
}
