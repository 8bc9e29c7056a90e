// Is the alarm system itself well? The numbers of ISA-18.2 beside their targets, floods, bad actors, promised against observed.
import { useMemo } from "preact/hooks";
import { address, iso } from "../api/http";
import { useResource } from "../api/resource";
import type { KpiPage as Kpi, Number as Figure } from "../api/types";
import { TimeBar } from "../charts/TimeBar";
import { TimeRange } from "../charts/time_range";
import { Mark } from "../parts/Mark";
import { Moment } from "../parts/Moment";
import { Origin } from "../parts/Origin";
import { Page } from "../parts/Page";
import { Panel } from "../parts/Panel";
import { Waiting } from "../parts/Waiting";
import { place, query } from "../route";
import { duration, number, percent, quantity, seconds } from "../words/format";
import { count, say } from "../words/say";
import { rate } from "./BudgetPage";

const WEEK_S = 7 * 86_400;
const STEP_S = 60;

export function KpiPage() {
  const range = useMemo(() => new TimeRange(WEEK_S, query.peek().get("from") ?? "", query.peek().get("to") ?? ""), []);
  const [start, end] = [Math.floor(range.start.value / STEP_S) * STEP_S, Math.floor(range.end.value / STEP_S) * STEP_S];
  const kpi = useResource<Kpi>(address(["kpi"], { start: iso(start), end: iso(end) }), true);
  return (
    <Page title={say("kpi.title")} question={say("kpi.question")} side={<a href="/handover">{say("handover.title")}</a>}>
      <TimeBar range={range} />
      <Waiting of={kpi}>
        {(data) => (
          <div class="kpi">
            <Panel class="whole" question={say("kpi.numbers.question")}><Numbers numbers={data.numbers} start={data.start} end={data.end} /></Panel>
            <Panel question={say("kpi.promise.question")}>
              <p class="big">{data.observed === null ? "–" : rate(data.observed)} <small>{say("kpi.promised", { rate: rate(data.promised) })}</small></p>
              <p>{count("kpi.unmarked", data.unmarked)}</p>
            </Panel>
            <Panel question={say("kpi.mix.question")}><Mix mix={data.priority_mix} /></Panel>
            <Panel question={say("kpi.floods.question")}>
              {data.floods.length === 0 ? <p>{say("kpi.floods.none")}</p> : (
                <ul class="plain">
                  {data.floods.map((flood) => (
                    <li key={flood.start}><Moment at={flood.start} /> <small>{duration(seconds(flood.end) - seconds(flood.start))}</small> {count("kpi.flood", flood.alarms, { first: flood.first })}</li>
                  ))}
                </ul>
              )}
            </Panel>
            <Panel question={say("kpi.actors.question")}>
              {data.bad_actors.length === 0 ? <p>{say("kpi.actors.none")}</p> : (
                <ul class="actors">
                  {data.bad_actors.map((actor, index) => (
                    <li key={index}>
                      <a href={place("assets", actor.asset)}>{actor.text}</a>
                      <span class="bar"><i style={{ width: `${100 * actor.share}%` }} /></span>
                      <span class="n">{number(actor.count)}</span>
                    </li>
                  ))}
                </ul>
              )}
            </Panel>
          </div>
        )}
      </Waiting>
    </Page>
  );
}

function Numbers({ numbers, start, end }: { numbers: Figure[]; start: string; end: string }) {
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={say("kpi.numbers.question")}>
      <table>
        <thead><tr><th>{say("kpi.number")}</th><th class="n">{say("kpi.value")}</th><th>{say("kpi.target")}</th><th>{say("kpi.met")}</th></tr></thead>
        <tbody>
          {numbers.map((figure) => (
            <tr key={figure.key}>
              <td>{figure.text}</td>
              <td class="n"><b><Origin title={figure.text} text={say("kpi.origin.text")} sources={[{ name: say("time.from"), value: <Moment at={start} /> }, { name: say("time.to"), value: <Moment at={end} /> }, { name: say("kpi.target"), value: figure.target }, { name: say("nav.alarms"), value: <a href="/alarms?state=all">{say("kpi.origin.alarms")}</a> }]}>{quantity(figure.value, figure.unit)}</Origin></b></td>
              <td>{figure.target}</td>
              <td>{figure.good === null ? "–" : figure.good ? say("kpi.met.yes") : <b class="missed"><Mark priority={3} spoken={false} /> {say("kpi.met.no")}</b>}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Mix({ mix }: { mix: Record<string, number> }) {
  return (
    <ul class="actors">
      {[1, 2, 3, 4].map((priority) => (
        <li key={priority}>
          <span><Mark priority={priority} spoken={false} /> {say("priority.named", { n: priority })}</span>
          <span class="bar"><i style={{ width: `${100 * (mix[priority] ?? 0)}%` }} /></span>
          <span class="n">{percent(mix[priority] ?? 0)}</span>
        </li>
      ))}
    </ul>
  );
}
