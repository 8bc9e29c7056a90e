import { session } from "../../api/http";
import { changeLanguage, signOut } from "../../api/session";
import { keysOn, switchKeys } from "../../keyboard";
import { Choice } from "../../parts/Field";
import { tell } from "../../parts/notices";
import { Panel } from "../../parts/Panel";
import { language, named, say } from "../../words/say";

export function YouSection() {
  const who = session.value!;
  return (
    <div class="stack narrow">
      <Panel question={say("you.question")}>
        <dl class="pairs">
          <div><dt>{say("sign_in.user")}</dt><dd>{who.user}</dd></div>
          <div><dt>{say("users.role")}</dt><dd>{named("role", who.role)}</dd></div>
          <div><dt>{say("you.zone")}</dt><dd>{who.zone}</dd></div>
          <div><dt>{say("you.version")}</dt><dd>Andon {who.version}</dd></div>
        </dl>
      </Panel>
      <Panel question={say("you.language")}>
        <Choice words={say("you.language.label")} value={language.value} onValue={(wanted) => void changeLanguage(wanted).catch((error: Error) => tell(error.message, true))}>
          <option value="en">English</option>
          <option value="zh-CN">中文</option>
        </Choice>
      </Panel>
      <Panel question={say("you.keys")}>
        <label class="check"><input type="checkbox" checked={keysOn.value} onChange={(event) => switchKeys(event.currentTarget.checked)} /> {say("help.keys_on")}</label>
        <p><small>{say("you.keys.text")}</small></p>
      </Panel>
      <div><button type="button" onClick={() => void signOut()}>{say("you.sign_out")}</button></div>
    </div>
  );
}
