// One alarm of the list.
import { memo } from "../memo";
import { minute } from "../../api/clock";
import type { AlarmRow } from "../../api/types";
import { place } from "../../route";
import { duration, seconds, shortly, utc } from "../../words/format";
import { count, named, say } from "../../words/say";
import { Mark } from "../Mark";

interface Props {
  row: AlarmRow;
  at: number;
  top: number;
  chosen: boolean;
  current: boolean;
  onCurrent: (id: string) => void;
  onChoose: (id: string) => void;
}

export const AlarmLine = memo(function AlarmLine({ row, at, top, chosen, current, onCurrent, onChoose }: Props) {
  return (
    <div id={`row-${row.id}`} class={`alarmrow ${row.state}${chosen ? " chosen" : ""}`} role="row" aria-rowindex={at + 2} aria-selected={chosen}
      tabIndex={current ? 0 : -1} style={{ transform: `translateY(${top}px)` }} onFocus={() => onCurrent(row.id)}
      onDblClick={() => document.getElementById(`open-${row.id}`)?.click()}>
      <span role="gridcell" class="choose">
        <input type="checkbox" checked={chosen} tabIndex={current ? 0 : -1} aria-label={say("alarms.choose", { name: row.name })} onChange={() => onChoose(row.id)} />
      </span>
      <span role="gridcell" class="priority"><Mark priority={row.priority} state={row.state} /></span>
      <span role="gridcell" class="raised"><time dateTime={row.raised} title={utc(row.raised)}>{shortly(row.raised, minute.value)}</time></span>
      <span role="gridcell" class="asset"><a href={place("assets", row.asset)} tabIndex={current ? 0 : -1}>{row.name}</a></span>
      <span role="gridcell" class="text">
        <a id={`open-${row.id}`} href={place("cases", row.case)} tabIndex={current ? 0 : -1} title={row.text}>{event(row)}</a>
        {row.count > 1 && <small title={count("alarms.times", row.count)}> ×{row.count}</small>}
      </span>
      <span role="gridcell" class="state">{state(row)}</span>
      <span role="gridcell" class="marked">{row.mark && named("mark", row.mark)}</span>
    </div>
  );
});

/** What happened, without the asset's name, which has its own column. */
function event(row: AlarmRow): string {
  return row.text.startsWith(row.name) ? row.text.slice(row.name.length).replace(/^\s*[:：]\s*/, "") || row.text : row.text;
}

/** The state in words, with who and how long. */
function state(row: AlarmRow): string {
  if (row.state === "shelved" && row.shelved_until) {
    const left = seconds(row.shelved_until) - minute.value;
    if (left > 0) return say("alarms.shelved_left", { left: duration(Math.ceil(left / 60) * 60) });
  }
  const text = named("alarm_state", row.state);
  if (row.assigned) return say("alarms.by", { state: text, who: row.assigned });
  return row.state === "acknowledged" && row.acknowledged_by ? say("alarms.by", { state: text, who: row.acknowledged_by }) : text;
}
