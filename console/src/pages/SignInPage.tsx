import { useState } from "preact/hooks";
import { changeLanguage, signIn } from "../api/session";
import { Field } from "../parts/Field";
import { language, say } from "../words/say";

export function SignInPage() {
  const [user, setUser] = useState("");
  const [password, setPassword] = useState("");
  const [wrong, setWrong] = useState("");
  const [busy, setBusy] = useState(false);

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    setBusy(true);
    setWrong("");
    try {
      await signIn({ user, password });
    } catch (error) {
      setWrong((error as Error).message);
      setPassword("");
    } finally {
      setBusy(false);
    }
  }

  return (
    <main class="door" id="main">
      <form onSubmit={(event) => void submit(event)}>
        <h1>{say("sign_in.title")}</h1>
        <p>{say("sign_in.text")}</p>
        <Field words={say("sign_in.user")} value={user} onValue={setUser} name="username" autocomplete="username" required autoFocus />
        <Field words={say("sign_in.password")} type="password" value={password} onValue={setPassword} name="password" autocomplete="current-password" required />
        {wrong && <p class="wrong" role="alert">{wrong}</p>}
        <button type="submit" class="first" disabled={busy}>{say("sign_in.do")}</button>
      </form>
      <LanguageSwitch />
    </main>
  );
}

export function LanguageSwitch() {
  const other = language.value === "en" ? "zh-CN" : "en";
  return (
    <p class="switch">
      <button type="button" class="quiet" lang={other} onClick={() => void changeLanguage(other)}>{other === "en" ? "English" : "中文"}</button>
    </p>
  );
}
