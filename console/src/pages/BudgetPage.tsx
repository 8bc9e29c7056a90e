// What a promise costs: a slider over the whole curve that the model carries, so that the answer is there at once.
import { useEffect, useState } from "preact/hooks";
import { address, may, put } from "../api/http";
import { useLive } from "../api/live";
import { useResource } from "../api/resource";
import type { BudgetPage as Budget, Effect } from "../api/types";
import { Curves } from "../charts/Curves";
import { Dialog } from "../parts/Dialog";
import { Field } from "../parts/Field";
import { tell } from "../parts/notices";
import { Origin } from "../parts/Origin";
import { Page } from "../parts/Page";
import { Panel } from "../parts/Panel";
import { Waiting } from "../parts/Waiting";
import { place } from "../route";
import { duration, number, percent, shortly } from "../words/format";
import { count, named, say } from "../words/say";

/** A rate as a person says it. */
export function rate(perWeek: number): string {
  return perWeek > 0.5 || perWeek <= 0 ? say("budget.a_week", { n: number(perWeek, 2) }) : say("budget.in_weeks", { n: number(1 / perWeek, 2) });
}

export function BudgetPage({ group }: { group: string }) {
  const budgets = useResource<Budget[]>("/budgets");
  useLive("budget", () => budgets.reload());
  return (
    <Page title={say("budget.title")} question={say("budget.question")}>
      <Waiting of={budgets}>
        {(found) => {
          const chosen = found.find((budget) => budget.group === group) ?? found[0];
          if (!chosen) return <p class="note">{say("budget.none")}</p>;
          return (
            <>
              <nav class="tabs groups" aria-label={say("budget.groups")}>
                {found.map((budget) => (
                  <a key={budget.group} class="tab" href={place("budget", budget.group)} aria-current={budget === chosen ? "page" : undefined}>{budget.group}</a>
                ))}
              </nav>
              <Group key={chosen.group} budget={chosen} onChanged={(changed) => (budgets.data.value = found.map((budget) => (budget.group === changed.group ? changed : budget)))} />
            </>
          );
        }}
      </Waiting>
    </Page>
  );
}

function nearest(curve: Effect[], perWeek: number): number {
  return curve.reduce((best, effect, index) => (Math.abs(Math.log(effect.per_week / perWeek)) < Math.abs(Math.log(curve[best]!.per_week / perWeek)) ? index : best), 0);
}

function Group({ budget, onChanged }: { budget: Budget; onChanged: (budget: Budget) => void }) {
  const [at, setAt] = useState(nearest(budget.curve, budget.per_week));
  const [asking, setAsking] = useState(false);
  useEffect(() => setAt(nearest(budget.curve, budget.per_week)), [budget.per_week]);
  const effect = budget.curve[at];
  const promised = nearest(budget.curve, budget.per_week);
  return (
    <div class="budget">
      {budget.moved && <p class="note">{say("overview.moved", { group: budget.group })}</p>}
      <Panel question={say("budget.promise.question")}><Promise budget={budget} /></Panel>
      <Panel question={say("budget.controller.question")}>{budget.controller.length > 1 ? <Controller budget={budget} /> : <p>{say("budget.controller.none")}</p>}</Panel>
      {effect && (
        <>
          <Panel class="whole" question={say("budget.slider.question")} side={<strong class="rate">{rate(effect.per_week)}</strong>}>
            <div class="slider">
              <span>{say("budget.fewer")}</span>
              <input type="range" min={0} max={budget.curve.length - 1} step={1} value={at} aria-label={say("budget.slider")} aria-valuetext={rate(effect.per_week)} onInput={(event) => setAt(Number(event.currentTarget.value))} />
              <span>{say("budget.more")}</span>
            </div>
            <p class="would">
              {count("budget.would", effect.would_have_opened, { low: number(effect.low), high: number(effect.high) })}
            </p>
            <div class="buttons">
              <button type="button" class="first" disabled={!may("engineer") || at === promised} onClick={() => setAsking(true)}>{say("budget.set", { rate: rate(effect.per_week) })}</button>
              {at !== promised && <button type="button" onClick={() => setAt(promised)}>{say("budget.back", { rate: rate(budget.per_week) })}</button>}
              {!may("engineer") && <small>{say("budget.engineer")}</small>}
            </div>
          </Panel>
          <Panel question={say("budget.curve.question")}><Delays budget={budget} at={at} /></Panel>
          <Panel question={say("budget.table.question", { rate: rate(effect.per_week) })}><Faults effect={effect} now={budget.curve[promised]!} /></Panel>
        </>
      )}
      {asking && effect && <Confirm budget={budget} effect={effect} onClose={() => setAsking(false)} onChanged={onChanged} />}
    </div>
  );
}

function Promise({ budget }: { budget: Budget }) {
  const seen = budget.observed_per_week;
  const sources = [
    { name: say("budget.assets"), value: budget.assets.join(", ") },
    { name: say("budget.observed.hours"), value: say("budget.hours", { n: number(budget.observed_h) }) },
    { name: say("budget.unmarked"), value: number(budget.unmarked) },
    { name: say("budget.tightest"), value: budget.tightest },
    { name: say("nav.ledger"), value: <a href="/settings/ledger">{say("settings.ledger")}</a> },
  ];
  return (
    <div class="stack">
      <p class="big">
        <Origin title={say("budget.promise.question")} text={say("budget.promise.text")} sources={sources}>{rate(budget.per_week)}</Origin>
        {" "}<small>{say("budget.interval", { low: number(budget.low, 2), high: number(budget.high, 2) })}</small>
      </p>
      <p>{seen === null ? say("budget.observed.none") : say("budget.observed", { rate: rate(seen), hours: number(budget.observed_h), unmarked: number(budget.unmarked) })}</p>
      {budget.why_not && <p>{budget.why_not} {say("budget.tightest.is", { tightest: budget.tightest })}</p>}
    </div>
  );
}

const SHOWN = ["step_4", "drift_4_1h", "drift_4_1d", "noise_3"];

function Delays({ budget, at }: { budget: Budget; at: number }) {
  const known = Object.keys(budget.curve[0]?.delay_s ?? {});
  const faults = SHOWN.filter((fault) => known.includes(fault));
  const curves = (faults.length ? faults : known.slice(0, 4)).map((fault, style) => ({
    name: named("fault", fault), style, points: budget.curve.map((effect): [number, number | null] => [effect.per_week, effect.delay_s[fault] ?? null]),
  }));
  const x = budget.curve[at]!.per_week;
  return (
    <Curves curves={curves} xLog yLog label={say("budget.curve.label")} xName={say("budget.curve.x")} yName={say("budget.curve.y")} yText={(y) => duration(y)}
      xMarks={[0.1, 0.25, 0.5, 1, 2, 5, 14].filter((mark) => mark >= budget.curve[0]!.per_week && mark <= budget.curve.at(-1)!.per_week)} at={{ x, text: rate(x) }} />
  );
}

function Faults({ effect, now }: { effect: Effect; now: Effect }) {
  const change = (fault: string): string => {
    const [a, b] = [effect.delay_s[fault] ?? null, now.delay_s[fault] ?? null];
    return a === null || b === null || a === b ? "" : say(a > b ? "budget.later" : "budget.sooner", { by: duration(Math.abs(a - b)) });
  };
  return (
    <div class="scroll">
      <table>
        <thead><tr><th>{say("budget.fault")}</th><th class="n">{say("budget.found")}</th><th class="n">{say("budget.delay")}</th><th>{say("budget.change")}</th></tr></thead>
        <tbody>
          {Object.keys(effect.found).map((fault) => (
            <tr key={fault}>
              <td>{named("fault", fault)}</td>
              <td class="n">{percent(effect.found[fault])}</td>
              <td class="n">{duration(effect.delay_s[fault])}</td>
              <td><small>{change(fault)}</small></td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Controller({ budget }: { budget: Budget }) {
  const last = budget.controller.at(-1)![0];
  return (
    <Curves height={150} label={say("budget.controller.label")} xName="" yName={say("origin.threshold")} xText={(x) => shortly(x, last).split(",")[0]!}
      curves={[{ name: say("origin.threshold"), points: budget.controller, style: 0 }]} />
  );
}

function Confirm({ budget, effect, onClose, onChanged }: { budget: Budget; effect: Effect; onClose: () => void; onChanged: (budget: Budget) => void }) {
  const [why, setWhy] = useState("");
  const [wrong, setWrong] = useState("");
  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    try {
      onChanged(await put<Budget>(address(["budgets", budget.group]), { budget: `${effect.per_week}/week`, why: why.trim() }));
      tell(say("budget.done", { group: budget.group, rate: rate(effect.per_week) }));
      onClose();
    } catch (error) {
      setWrong((error as Error).message);
    }
  }
  return (
    <Dialog title={say("budget.confirm", { group: budget.group, rate: rate(effect.per_week) })} onClose={onClose}>
      <form onSubmit={(event) => void submit(event)}>
        <p>{say("budget.confirm.text")}</p>
        <Field words={say("budget.why")} value={why} onValue={setWhy} required autoFocus maxLength={500} />
        {wrong && <p class="wrong" role="alert">{wrong}</p>}
        <button type="submit" class="first">{say("budget.set", { rate: rate(effect.per_week) })}</button>
      </form>
    </Dialog>
  );
}
