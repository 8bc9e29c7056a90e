// Who is signed in: asked once at start; everything that depends on it begins and ends here.
import { computed, effect, untracked } from "@preact/signals";
import { speak } from "../words/say";
import { zone } from "../words/format";
import { setClock } from "./clock";
import { get, post, put, session } from "./http";
import { hangUp, hear, keepLive } from "./live";
import { forget } from "./resource";
import type { FirstSignIn, NewPassword, Session, SignIn } from "./types";

async function enter(found: Session): Promise<void> {
  zone.value = found.zone || "UTC";
  setClock(found.now);
  await speak(found.language);
  localStorage.setItem("andon.language", found.language);
  session.value = found;
}

/** Ask who is signed in, and speak that person's language; else the browser's. */
export async function start(): Promise<void> {
  hear("clock", (told) => setClock(String(told["now"])));
  const user = computed(() => session.value?.user ?? "");
  effect(() => {
    const signedIn = user.value !== "";
    untracked(() => (signedIn ? void keepLive() : hangUp()));
  });
  try {
    await enter(await get<Session>("/session"));
  } catch {
    session.value = null;
    await speak(localStorage.getItem("andon.language") ?? navigator.language);
  }
}

export async function signIn(given: SignIn): Promise<void> {
  forget();
  await enter(await post<Session>("/sign-in", given));
}

export async function signInFirst(given: FirstSignIn): Promise<void> {
  forget();
  await enter(await post<Session>("/first-sign-in", given));
}

export async function choosePassword(given: NewPassword): Promise<void> {
  forget();
  await enter(await post<Session>("/new-password", given));
}

export async function signOut(): Promise<void> {
  await post("/sign-out").catch(() => undefined);
  session.value = null;
  forget();
}

/** Change the language here and for the next time. */
export async function changeLanguage(language: string): Promise<void> {
  localStorage.setItem("andon.language", language);
  if (session.value) await enter(await put<Session>("/session/language", { language }));
  else await speak(language);
}
