// The one-time link of the first start: the first administrator chooses a name and a password.
import { useState } from "preact/hooks";
import { signInFirst } from "../api/session";
import { Field } from "../parts/Field";
import { go } from "../route";
import { language, say } from "../words/say";
import { LanguageSwitch } from "./SignInPage";

/** The token stands behind `#`, where no server log sees it; `?token=` is understood too. */
export const token = decodeURIComponent(location.hash.slice(1).replace(/^token=/, "")) || new URLSearchParams(location.search).get("token") || "";
export const LEAST = 12;

export function FirstSignInPage() {
  const [user, setUser] = useState("");
  const [password, setPassword] = useState("");
  const [again, setAgain] = useState("");
  const [wrong, setWrong] = useState("");

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    if (password !== again) return setWrong(say("first.differ"));
    try {
      await signInFirst({ token, user, password, language: language.value });
      go("/", true);
    } catch (error) {
      setWrong((error as Error).message);
    }
  }

  return (
    <main class="door" id="main">
      <form onSubmit={(event) => void submit(event)}>
        <h1>{say("first.title")}</h1>
        <p>{say(token ? "first.text" : "first.no_token")}</p>
        <Field words={say("sign_in.user")} value={user} onValue={setUser} autocomplete="username" required autoFocus />
        <Field words={say("sign_in.password")} hint={say("first.least", { n: LEAST })} type="password" minLength={LEAST} value={password} onValue={setPassword}
          autocomplete="new-password" required />
        <Field words={say("first.again")} type="password" value={again} onValue={setAgain} autocomplete="new-password" required />
        {wrong && <p class="wrong" role="alert">{wrong}</p>}
        <button type="submit" class="first">{say("first.do")}</button>
      </form>
      <LanguageSwitch />
    </main>
  );
}
