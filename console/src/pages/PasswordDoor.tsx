// The door behind a one-time link: a password is chosen, twice, and leads in.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Field } from "../parts/Field";
import { go } from "../route";
import { say } from "../words/say";
import { LanguageSwitch } from "./SignInPage";

/** The token stands behind `#`, where no server log sees it; `?token=` is understood too. */
export const token = decodeURIComponent(location.hash.slice(1).replace(/^token=/, "")) || new URLSearchParams(location.search).get("token") || "";
export const LEAST = 12;

interface Props {
  title: string;
  text: string;
  act: string;
  choose: (password: string) => Promise<void>;
  /** What is asked before the password. */
  children?: ComponentChildren;
}

export function PasswordDoor({ title, text, act, choose, children }: Props) {
  const [password, setPassword] = useState("");
  const [again, setAgain] = useState("");
  const [wrong, setWrong] = useState("");

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    if (password !== again) return setWrong(say("first.differ"));
    try {
      await choose(password);
      go("/", true);
    } catch (error) {
      setWrong((error as Error).message);
    }
  }

  return (
    <main class="door" id="main">
      <form onSubmit={(event) => void submit(event)}>
        <h1>{title}</h1>
        <p>{text}</p>
        {children}
        <Field words={say("sign_in.password")} hint={say("first.least", { n: LEAST })} type="password" minLength={LEAST} value={password} onValue={setPassword}
          autocomplete="new-password" required autoFocus={!children} />
        <Field words={say("first.again")} type="password" value={again} onValue={setAgain} autocomplete="new-password" required />
        {wrong && <p class="wrong" role="alert">{wrong}</p>}
        <button type="submit" class="first">{act}</button>
      </form>
      <LanguageSwitch />
    </main>
  );
}
