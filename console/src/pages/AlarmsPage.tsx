// The list of the shift. The filter is the address; nothing moves until somebody lets new alarms in.
import { useEffect, useMemo, useState } from "preact/hooks";
import { renewed, useLive } from "../api/live";
import type { Act, AlarmRow } from "../api/types";
import { ActBar } from "../parts/alarms/ActBar";
import { act } from "../parts/alarms/acts";
import { AlarmFilters } from "../parts/alarms/AlarmFilters";
import { AlarmGrid } from "../parts/alarms/AlarmGrid";
import { Book } from "../parts/alarms/book";
import { Page } from "../parts/Page";
import { query } from "../route";
import { count, say } from "../words/say";
import { Waiting } from "../parts/Waiting";
import { useSignal } from "@preact/signals";

export function AlarmsPage() {
  const filter = query.value.toString();
  const book = useMemo(() => new Book(new URLSearchParams(filter)), [filter]);
  const [chosen, setChosen] = useState<Set<string>>(new Set());
  const [current, setCurrent] = useState("");
  const late = useSignal(false);
  const again = renewed.value;
  useEffect(() => {
    const timer = window.setTimeout(() => (late.value = true), 300);
    void book.load().finally(() => window.clearTimeout(timer));
    return () => window.clearTimeout(timer);
  }, [book, again]);
  useEffect(() => (setChosen(new Set()), setCurrent("")), [book]);
  useLive("alarm", (row) => book.hear(row as unknown as AlarmRow));

  const rows = book.rows.value;
  const aim = chosen.size ? rows.filter((row) => chosen.has(row.id)) : rows.filter((row, place) => row.id === current || (!current && place === 0 && document.activeElement?.closest(".grid")));
  const choose = (id: string): void =>
    setChosen((before) => {
      const next = new Set(before);
      if (!next.delete(id)) next.add(id);
      return next;
    });
  const onAct = (wanted: Act): void => {
    const whole = chosen.size > 0;
    void act(aim, wanted, book).then((well) => well && whole && setChosen(new Set()));
  };
  const resource = { data: { value: book.ready.value ? true : undefined }, problem: book.problem, late, reload: () => void book.load() };
  return (
    <div class="alarmspage">
      <Page title={say("alarms.title")} question={say("alarms.question")} side={<a href="/handover">{say("handover.title")}</a>}>
        <AlarmFilters counts={book.counts.value} />
        <ActBar rows={aim} onAct={onAct} />
        <div class="freshline" role="status">
          {book.fresh.value.length > 0 && <button type="button" class="fresh" onClick={() => book.admit()}>{count("alarms.fresh", book.fresh.value.length)}</button>}
        </div>
        <Waiting of={resource as never}>
          {() => rows.length === 0 ? <p class="note">{say("alarms.none")}</p> : (
            <AlarmGrid rows={rows} total={book.total.value} chosen={chosen} current={current} onCurrent={setCurrent} onChoose={choose} onNear={(until) => book.more(until)} />
          )}
        </Waiting>
      </Page>
    </div>
  );
}
