import { keysOn, switchKeys } from "../keyboard";
import { say, type Key } from "../words/say";
import { Dialog } from "./Dialog";

const KEYS: [string, Key][] = [
  ["/", "help.search"], ["g o", "help.overview"], ["g a", "help.alarms"], ["g b", "help.budget"], ["g d", "help.data"], ["g m", "help.models"],
  ["g k", "help.kpi"], ["g s", "help.settings"], ["j  k", "help.move"], ["x", "help.select"], ["Enter", "help.open"], ["a", "help.acknowledge"],
  ["s", "help.shelve"], ["t", "help.true"], ["f", "help.false"], ["c", "help.comment"], ["←  →", "help.pan"], ["Shift ←", "help.point"], ["+  −", "help.zoom"], ["0", "help.whole"],
  ["l", "help.live"], ["?", "help.help"],
];

export function HelpDialog({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title={say("help.title")} onClose={onClose} wide>
      <dl class="keys">
        {KEYS.map(([keys, text]) => (
          <div key={keys}>
            <dt>{keys.split(" ").filter(Boolean).map((key) => <kbd key={key}>{key}</kbd>)}</dt>
            <dd>{say(text)}</dd>
          </div>
        ))}
      </dl>
      <label class="check">
        <input type="checkbox" checked={keysOn.value} onChange={(event) => switchKeys(event.currentTarget.checked)} /> {say("help.keys_on")}
      </label>
    </Dialog>
  );
}
