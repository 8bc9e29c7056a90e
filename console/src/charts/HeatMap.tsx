// Tag × time of status: the darker, the more is missing; hatched where nothing was expected.
import { effect } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import type { StatusMap } from "../api/types";
import { moment, percent } from "../words/format";
import { say } from "../words/say";
import { colour, theme } from "./paint";

const FIRST = 40;

export function HeatMap({ map }: { map: StatusMap }) {
  const [all, setAll] = useState(false);
  const rows = map.tags.map((tag, index) => ({ tag, share: map.share[index] ?? [], mean: mean(map.share[index] ?? []) })).sort((a, b) => (a.mean ?? 2) - (b.mean ?? 2));
  if (rows.length === 0) return <p>{say("data.map.none")}</p>;
  const shown = all ? rows : rows.slice(0, FIRST);
  const [first, last] = [map.time[0] ?? 0, map.time.at(-1) ?? 0];
  return (
    <div class="heatmap">
      <ul>
        {shown.map((row) => (
          <li key={row.tag}>
            <span class="name" title={row.tag}>{row.tag}</span>
            <Strip share={row.share} time={map.time} />
            <span class="n">{percent(row.mean)}</span>
          </li>
        ))}
      </ul>
      <p class="ends"><small>{moment(first)}</small><small>{say("data.map.legend")}</small><small>{moment(last)}</small></p>
      {rows.length > FIRST && !all && <button type="button" onClick={() => setAll(true)}>{say("data.map.all", { n: rows.length })}</button>}
    </div>
  );
}

function mean(values: (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length ? known.reduce((sum, value) => sum + value, 0) / known.length : null;
}

function Strip({ share, time }: { share: (number | null)[]; time: number[] }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => effect(() => (theme.value, draw(canvas.current!, share))), [share]);
  const worst = share.reduce<number>((low, value) => Math.min(low, value ?? 1), 1);
  const at = share.indexOf(worst);
  const text = worst < 0.9 && at >= 0 ? say("data.map.worst", { share: percent(worst), when: moment(time[at] ?? 0) }) : say("data.map.whole");
  return <canvas ref={canvas} width={Math.max(1, share.length)} height={1} role="img" aria-label={text} title={text} />;
}

function draw(canvas: HTMLCanvasElement, share: (number | null)[]): void {
  const pen = canvas.getContext("2d");
  if (!pen) return;
  pen.clearRect(0, 0, canvas.width, 1);
  share.forEach((value, x) => {
    if (value === null) return;
    pen.globalAlpha = 1;
    pen.fillStyle = colour("band");
    pen.fillRect(x, 0, 1, 1);
    pen.globalAlpha = 1 - value;
    pen.fillStyle = colour("measured");
    pen.fillRect(x, 0, 1, 1);
  });
}
