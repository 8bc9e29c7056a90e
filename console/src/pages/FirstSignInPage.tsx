// The one-time link of the first start: the first administrator chooses a name and a password.
import { useState } from "preact/hooks";
import { signInFirst } from "../api/session";
import { Field } from "../parts/Field";
import { language, say } from "../words/say";
import { PasswordDoor, token } from "./PasswordDoor";

export function FirstSignInPage() {
  const [user, setUser] = useState("");
  return (
    <PasswordDoor title={say("first.title")} text={say(token ? "first.text" : "first.no_token")} act={say("first.do")}
      choose={(password) => signInFirst({ token, user, password, language: language.value })}>
      <Field words={say("sign_in.user")} value={user} onValue={setUser} autocomplete="username" required autoFocus />
    </PasswordDoor>
  );
}
