// Tabs and filters of the alarm list; what they say is the address of the page.
import { ask, query } from "../../route";
import { number } from "../../words/format";
import { named, say } from "../../words/say";

const TABS = ["open", "shelved", "suppressed", "out-of-service", "closed", "all"] as const;
let timer = 0;

export function AlarmFilters({ counts }: { counts: Record<string, number> }) {
  const words = query.value;
  const state = words.get("state") ?? "open";
  const search = (text: string): void => {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => ask({ q: text }), 250);
  };
  return (
    <div class="filters">
      <nav class="tabs" aria-label={say("alarms.tabs")}>
        {TABS.map((tab) => (
          <button type="button" key={tab} aria-current={tab === state ? "true" : undefined} onClick={() => ask({ state: tab === "open" ? undefined : tab }, false)}>
            {say(`alarms.tab.${tab}`)} {counts[tab] !== undefined && <small>{number(counts[tab])}</small>}
          </button>
        ))}
      </nav>
      <div class="words">
        <input type="search" aria-label={say("alarms.filter.text")} placeholder={say("alarms.filter.text")} defaultValue={words.get("q") ?? ""} onInput={(event) => search(event.currentTarget.value)} />
        <select aria-label={say("alarms.filter.priority")} value={words.get("priority") ?? ""} onChange={(event) => ask({ priority: event.currentTarget.value })}>
          <option value="">{say("alarms.filter.priority.any")}</option>
          {[1, 2, 3, 4].map((n) => <option key={n} value={n}>{say("priority.named", { n })}</option>)}
        </select>
        <select aria-label={say("alarms.filter.kind")} value={words.get("kind") ?? ""} onChange={(event) => ask({ kind: event.currentTarget.value })}>
          <option value="">{say("alarms.filter.kind.any")}</option>
          {(["alarm", "notification"] as const).map((kind) => <option key={kind} value={kind}>{named("kind", kind)}</option>)}
        </select>
        {words.get("asset") && <button type="button" class="chip" onClick={() => ask({ asset: undefined })}>{words.get("asset")} ×</button>}
      </div>
    </div>
  );
}
