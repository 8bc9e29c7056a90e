// The one-time link of a user who has no password yet, or lost it.
import { useState } from "preact/hooks";
import { choosePassword } from "../api/session";
import { Field } from "../parts/Field";
import { go } from "../route";
import { say } from "../words/say";
import { LEAST, token } from "./FirstSignInPage";
import { LanguageSwitch } from "./SignInPage";

export function NewPasswordPage() {
  const [password, setPassword] = useState("");
  const [again, setAgain] = useState("");
  const [wrong, setWrong] = useState("");

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    if (password !== again) return setWrong(say("first.differ"));
    try {
      await choosePassword({ token, password });
      go("/", true);
    } catch (error) {
      setWrong((error as Error).message);
    }
  }

  return (
    <main class="door" id="main">
      <form onSubmit={(event) => void submit(event)}>
        <h1>{say("new_password.title")}</h1>
        <p>{say(token ? "new_password.text" : "new_password.no_token")}</p>
        <Field words={say("sign_in.password")} hint={say("first.least", { n: LEAST })} type="password" minLength={LEAST} value={password} onValue={setPassword}
          autocomplete="new-password" required autoFocus />
        <Field words={say("first.again")} type="password" value={again} onValue={setAgain} autocomplete="new-password" required />
        {wrong && <p class="wrong" role="alert">{wrong}</p>}
        <button type="submit" class="first">{say("new_password.do")}</button>
      </form>
      <LanguageSwitch />
    </main>
  );
}
