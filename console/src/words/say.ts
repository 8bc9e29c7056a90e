// The catalogue of the product, in the reader's language; a key that does not exist is an error of the build.
import { signal } from "@preact/signals";
import english from "@catalogue/en/console.json";

export type Key = keyof typeof english extends `console.${infer Rest}` ? Rest : never;
export type Language = "en" | "zh-CN";
type Arguments = Record<string, string | number>;

const words = signal<Record<string, string>>(english);
export const language = signal<Language>("en");

/** Load a language and speak it from now on; every text on the page follows. */
export async function speak(wanted: string): Promise<void> {
  const chosen: Language = wanted.toLowerCase().startsWith("zh") ? "zh-CN" : "en";
  words.value = chosen === "en" ? english : (await import("@catalogue/zh-CN/console.json")).default;
  language.value = chosen;
  document.documentElement.lang = chosen;
}

function fill(text: string, args: Arguments): string {
  return text.replace(/\{(\w+)\}/g, (_, name: string) => String(args[name] ?? ""));
}

/** The text of a key with its places filled. */
export function say(key: Key, args: Arguments = {}): string {
  return fill(words.value[`console.${key}`] ?? key, args);
}

/** The text for a count: `<key>.one` or `<key>.other`, as the language has it. */
export function count(key: CountKey, n: number, args: Arguments = {}): string {
  const form = new Intl.PluralRules(language.value).select(n) === "one" ? "one" : "other";
  return say(`${key}.${form}` as Key, { n: new Intl.NumberFormat(language.value).format(n), ...args });
}
export type CountKey = Key extends infer K ? (K extends `${infer Stem}.one` ? Stem : never) : never;

/** The text of a value that the service named, such as a state: the name itself where the catalogue does not know it. */
export function named(kind: string, name: string): string {
  return words.value[`console.${kind}.${name}`] ?? name.replaceAll("_", " ");
}
