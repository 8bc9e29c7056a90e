// The one-time link of a user who has no password yet, or lost it.
import { choosePassword } from "../api/session";
import { say } from "../words/say";
import { PasswordDoor, token } from "./PasswordDoor";

export function NewPasswordPage() {
  return (
    <PasswordDoor title={say("new_password.title")} text={say(token ? "new_password.text" : "new_password.no_token")} act={say("new_password.do")}
      choose={(password) => choosePassword({ token, password })} />
  );
}
