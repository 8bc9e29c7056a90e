// The dense list: only the rows in sight exist, however many there are. Arrows or j and k move, x chooses, Enter opens.
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { AlarmRow } from "../../api/types";
import { useKeys } from "../../keyboard";
import { go, place } from "../../route";
import { say } from "../../words/say";
import { AlarmLine } from "./AlarmLine";

interface Props {
  rows: AlarmRow[];
  total: number;
  chosen: Set<string>;
  current: string;
  onCurrent: (id: string) => void;
  onChoose: (id: string) => void;
  onNear: (until: number) => void;
}

const AROUND = 8;

export function AlarmGrid({ rows, total, chosen, current, onCurrent, onChoose, onNear }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ first: 0, height: 600, row: 40 });
  const wanted = useRef("");

  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const measure = (): void => {
      const row = parseFloat(getComputedStyle(element).getPropertyValue("--row")) || 40;
      setView({ first: Math.floor(element.scrollTop / row), height: element.clientHeight, row });
    };
    const watch = new ResizeObserver(measure);
    watch.observe(element);
    element.addEventListener("scroll", measure, { passive: true });
    measure();
    return () => {
      watch.disconnect();
      element.removeEventListener("scroll", measure);
    };
  }, []);

  const from = Math.max(0, view.first - AROUND);
  const until = Math.min(total, view.first + Math.ceil(view.height / view.row) + AROUND);
  useEffect(() => onNear(until + 40), [until, total]);
  useEffect(() => {
    if (!wanted.current) return;
    document.getElementById(`row-${wanted.current}`)?.focus({ preventScroll: true });
    wanted.current = "";
  });

  function step(by: number): void {
    const at = rows.findIndex((row) => row.id === current);
    const to = Math.max(0, Math.min(rows.length - 1, at < 0 ? 0 : at + by));
    const row = rows[to];
    const element = box.current;
    if (!row || !element) return;
    const top = to * view.row;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + view.row > element.scrollTop + element.clientHeight) element.scrollTop = top + view.row - element.clientHeight;
    wanted.current = row.id;
    onCurrent(row.id);
    document.getElementById(`row-${row.id}`)?.focus({ preventScroll: true });
  }
  const open = (): void => {
    const row = rows.find((other) => other.id === current);
    if (row) go(place("cases", row.case));
  };
  useKeys({ j: () => step(1), k: () => step(-1), x: () => current && onChoose(current) });

  function onKeyDown(event: KeyboardEvent): void {
    const page = Math.max(1, Math.floor(view.height / view.row) - 1);
    const moves: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -rows.length, End: rows.length };
    const by = moves[event.key];
    if (by !== undefined && !(event.target instanceof HTMLInputElement)) {
      event.preventDefault();
      step(by);
    } else if (event.key === "Enter" && event.target instanceof HTMLElement && event.target.role === "row") open();
  }

  return (
    <div class="grid" role="grid" aria-label={say("alarms.list")} aria-rowcount={total + 1} aria-multiselectable="true" onKeyDown={onKeyDown}>
      <div class="gridhead" role="row" aria-rowindex={1}>
        <span role="columnheader"><span class="visually-hidden">{say("alarms.column.choose")}</span></span>
        <span role="columnheader">{say("alarms.column.priority")}</span>
        <span role="columnheader">{say("alarms.column.raised")}</span>
        <span role="columnheader">{say("alarms.column.asset")}</span>
        <span role="columnheader">{say("alarms.column.text")}</span>
        <span role="columnheader">{say("alarms.column.state")}</span>
        <span role="columnheader">{say("alarms.column.mark")}</span>
      </div>
      <div class="gridbody" role="rowgroup" ref={box} tabIndex={rows.length ? -1 : 0}>
        <div class="gridspace" role="presentation" style={{ height: `${total * view.row}px` }}>
          {rows.slice(from, until).map((row, place) => (
            <AlarmLine key={row.id} row={row} at={from + place} top={(from + place) * view.row} chosen={chosen.has(row.id)}
              current={row.id === current || (!current && from + place === 0)} onCurrent={onCurrent} onChoose={onChoose} />
          ))}
        </div>
      </div>
    </div>
  );
}
