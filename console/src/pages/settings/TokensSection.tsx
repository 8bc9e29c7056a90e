// Tokens for machines. A secret is shown once: only its hash is kept.
import { useState } from "preact/hooks";
import { address, iso, post, remove } from "../../api/http";
import { useResource } from "../../api/resource";
import type { NewToken, Role, Token, TokenMade } from "../../api/types";
import { Dialog } from "../../parts/Dialog";
import { Choice, Field } from "../../parts/Field";
import { Moment } from "../../parts/Moment";
import { tell } from "../../parts/notices";
import { Panel } from "../../parts/Panel";
import { Waiting } from "../../parts/Waiting";
import { named, say } from "../../words/say";
import { fromField } from "../../words/zone";
import { ROLES } from "./UsersSection";

export function TokensSection() {
  const tokens = useResource<Token[]>("/tokens");
  const [made, setMade] = useState<TokenMade>();
  async function revoke(id: string): Promise<void> {
    try {
      await remove(address(["tokens", id]));
      tell(say("tokens.revoked"));
    } catch (error) {
      tell((error as Error).message, true);
    }
    tokens.reload();
  }
  return (
    <div class="stack">
      <Panel question={say("tokens.question")}>
        <Waiting of={tokens}>
          {(found) => found.length === 0 ? <p>{say("tokens.none")}</p> : (
            <ul class="entries">
              {found.map((token) => (
                <li key={token.id}>
                  <div>
                    <b>{token.name}</b> {named("role", token.role)} {token.scopes.join(", ")}
                    <p><small>{say("tokens.used")} <Moment at={token.last_used} /> · {token.expires ? <>{say("tokens.expires")} <Moment at={token.expires} /></> : say("tokens.forever")}</small></p>
                  </div>
                  <button type="button" onClick={() => void revoke(token.id)}>{say("tokens.revoke")}</button>
                </li>
              ))}
            </ul>
          )}
        </Waiting>
      </Panel>
      <Panel question={say("tokens.new")}><Make onMade={(token) => (setMade(token), tokens.reload())} /></Panel>
      {made && (
        <Dialog title={say("tokens.secret")} onClose={() => setMade(undefined)}>
          <p>{say("tokens.once")}</p>
          <p class="secret mono">{made.secret}</p>
          <button type="button" class="first" onClick={() => void navigator.clipboard?.writeText(made.secret).then(() => tell(say("tokens.copied")))}>{say("tokens.copy")}</button>
        </Dialog>
      )}
    </div>
  );
}

function Make({ onMade }: { onMade: (token: TokenMade) => void }) {
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("viewer");
  const [ingest, setIngest] = useState(true);
  const [expires, setExpires] = useState("");
  const [wrong, setWrong] = useState("");
  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    const wanted: NewToken = { name: name.trim(), role, scopes: ingest ? ["ingest"] : [], expires: expires ? iso(fromField(expires)) : "" };
    try {
      onMade(await post<TokenMade>("/tokens", wanted));
      setName("");
      setWrong("");
    } catch (error) {
      setWrong((error as Error).message);
    }
  }
  return (
    <form class="form" onSubmit={(event) => void submit(event)}>
      <Field words={say("tokens.name")} hint={say("tokens.name.hint")} value={name} onValue={setName} required maxLength={100} />
      <Choice words={say("users.role")} value={role} onValue={(text) => setRole(text as Role)}>
        {ROLES.map((item) => <option key={item} value={item}>{named("role", item)}</option>)}
      </Choice>
      <Field words={say("tokens.expires.label")} type="datetime-local" value={expires} onValue={setExpires} />
      <label class="check"><input type="checkbox" checked={ingest} onChange={(event) => setIngest(event.currentTarget.checked)} /> {say("tokens.ingest")}</label>
      {wrong && <p class="wrong" role="alert">{wrong}</p>}
      <div class="buttons"><button type="submit" class="first">{say("tokens.make")}</button></div>
    </form>
  );
}
