// Who is told: the plant file says it for people and systems; this browser can tell the one who sits before it.
import { useState } from "preact/hooks";
import { askToNotify, mayNotify, notifyUpTo, setNotifyUpTo } from "../../parts/desktop_notices";
import { Choice } from "../../parts/Field";
import { Panel } from "../../parts/Panel";
import { say } from "../../words/say";

export function NotificationsSection() {
  const [denied, setDenied] = useState(false);
  async function choose(text: string): Promise<void> {
    const most = Number(text);
    const allowed = most === 0 || (await askToNotify());
    setDenied(!allowed);
    setNotifyUpTo(allowed ? most : 0);
  }
  return (
    <div class="stack narrow">
      <Panel question={say("notifications.others")}><p>{say("notifications.others.text")}</p></Panel>
      <Panel question={say("notifications.here")}>
        {!mayNotify() ? <p>{say("notifications.insecure")}</p> : (
          <Choice words={say("notifications.which")} value={String(notifyUpTo.value)} onValue={(text) => void choose(text)}>
            <option value="0">{say("notifications.never")}</option>
            {[1, 2, 3, 4].map((n) => <option key={n} value={n}>{say("notifications.up_to", { n })}</option>)}
          </Choice>
        )}
        {denied && <p class="wrong" role="alert">{say("notifications.denied")}</p>}
      </Panel>
    </div>
  );
}
