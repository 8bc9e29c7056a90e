import { useState } from "preact/hooks";
import { address, patch, post, remove, session } from "../../api/http";
import { useResource } from "../../api/resource";
import type { NewUser, Role, User } from "../../api/types";
import { Choice, Field } from "../../parts/Field";
import { Moment } from "../../parts/Moment";
import { tell } from "../../parts/notices";
import { Panel } from "../../parts/Panel";
import { Waiting } from "../../parts/Waiting";
import { language, named, say } from "../../words/say";
import { LEAST } from "../PasswordDoor";

export const ROLES: Role[] = ["viewer", "operator", "engineer", "administrator"];

export function UsersSection() {
  const users = useResource<User[]>("/users");
  async function attempt(act: () => Promise<unknown>): Promise<void> {
    try {
      await act();
    } catch (error) {
      tell((error as Error).message, true);
    }
    users.reload();
  }
  return (
    <div class="stack">
      <Panel question={say("users.question")}>
        <Waiting of={users}>
          {(found) => (
            <ul class="entries">
              {found.map((user) => (
                <li key={user.user}>
                  <div>
                    <b>{user.user}</b> {user.name}
                    <p><small>{user.locked && `${say("users.locked")} · `}{say("users.seen")} <Moment at={user.last_seen} /></small></p>
                  </div>
                  <select aria-label={say("users.role_of", { user: user.user })} value={user.role} disabled={user.user === session.value?.user}
                    onChange={(event) => void attempt(() => patch(address(["users", user.user]), { role: event.currentTarget.value }))}>
                    {ROLES.map((role) => <option key={role} value={role}>{named("role", role)}</option>)}
                  </select>
                  {user.locked && <button type="button" onClick={() => void attempt(() => patch(address(["users", user.user]), { locked: false }))}>{say("users.unlock")}</button>}
                  <RemoveButton user={user.user} onRemove={() => void attempt(() => remove(address(["users", user.user])))} />
                </li>
              ))}
            </ul>
          )}
        </Waiting>
      </Panel>
      <Panel question={say("users.new")}><NewPerson onDone={users.reload} /></Panel>
    </div>
  );
}

function RemoveButton({ user, onRemove }: { user: string; onRemove: () => void }) {
  const [sure, setSure] = useState(false);
  if (user === session.value?.user) return null;
  return <button type="button" onClick={() => (sure ? onRemove() : setSure(true))} onBlur={() => setSure(false)}>{say(sure ? "users.sure" : "users.remove")}</button>;
}

function NewPerson({ onDone }: { onDone: () => void }) {
  const [user, setUser] = useState("");
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [role, setRole] = useState<Role>("operator");
  const [wrong, setWrong] = useState("");
  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    const wanted: NewUser = { user: user.trim(), name: name.trim(), password, role, language: language.value };
    try {
      await post("/users", wanted);
      tell(say("users.done", { user: wanted.user }));
      for (const clear of [setUser, setName, setPassword, setWrong]) clear("");
      onDone();
    } catch (error) {
      setWrong((error as Error).message);
    }
  }
  return (
    <form class="form" onSubmit={(event) => void submit(event)}>
      <Field words={say("sign_in.user")} value={user} onValue={setUser} required maxLength={100} autocomplete="off" />
      <Field words={say("users.name")} value={name} onValue={setName} maxLength={200} autocomplete="off" />
      <Field words={say("sign_in.password")} hint={say("first.least", { n: LEAST })} type="password" value={password} onValue={setPassword} required minLength={LEAST} autocomplete="new-password" />
      <Choice words={say("users.role")} value={role} onValue={(text) => setRole(text as Role)}>
        {ROLES.map((item) => <option key={item} value={item}>{named("role", item)}</option>)}
      </Choice>
      {wrong && <p class="wrong" role="alert">{wrong}</p>}
      <div class="buttons"><button type="submit" class="first">{say("users.add")}</button></div>
    </form>
  );
}
