// Every act and every verdict that opened an event, newest first; the chain says whether anything was changed.
import { useEffect, useState } from "preact/hooks";
import { address, get } from "../../api/http";
import { useResource } from "../../api/resource";
import type { LedgerEntry, LedgerPage } from "../../api/types";
import { Moment } from "../../parts/Moment";
import { Panel } from "../../parts/Panel";
import { tell } from "../../parts/notices";
import { Waiting } from "../../parts/Waiting";
import { number } from "../../words/format";
import { say } from "../../words/say";

const PAGE = 100;

export function LedgerSection() {
  const first = useResource<LedgerPage>(address(["ledger"], { limit: PAGE }));
  const [older, setOlder] = useState<LedgerEntry[]>([]);
  const [next, setNext] = useState("");
  useEffect(() => {
    if (first.data.value) (setOlder([]), setNext(first.data.value.next));
  }, [first.data.value]);
  async function more(): Promise<void> {
    try {
      const page = await get<LedgerPage>(address(["ledger"], { before: next, limit: PAGE }));
      setOlder((before) => [...before, ...page.entries]);
      setNext(page.next);
    } catch (error) {
      tell((error as Error).message, true);
    }
  }
  return (
    <Panel question={say("ledger.question")} side={<a href="/api/v1/ledger/export" download="ledger.jsonl">{say("ledger.export")}</a>}>
      <Waiting of={first}>
        {(page) => (
          <div class="stack">
            <p>{say(page.whole ? "ledger.whole" : "ledger.broken")} <small class="mono">{page.head.slice(0, 16)}</small></p>
            <ol class="ledger">
              {[...page.entries, ...older].map((entry) => (
                <li key={entry.number} id={`entry-${entry.number}`}>
                  <span class="n">{number(entry.number)}</span>
                  <Moment at={entry.at} />
                  <b>{entry.by}</b>
                  <span>{entry.what}</span>
                  <span class="data">{Object.entries(entry.data).map(([name, value]) => `${name}: ${typeof value === "object" ? JSON.stringify(value) : String(value)}`).join(" · ")}</span>
                  <small class="mono" title={entry.hash}>{entry.hash.slice(0, 8)}</small>
                </li>
              ))}
            </ol>
            {next && <div><button type="button" onClick={() => void more()}>{say("ledger.more")}</button></div>}
          </div>
        )}
      </Waiting>
    </Panel>
  );
}
