// Settings and the ledger: each section for those whose role it is.
import { may } from "../api/http";
import { Page } from "../parts/Page";
import { place } from "../route";
import { say } from "../words/say";
import { LedgerSection } from "./settings/LedgerSection";
import { MaintenanceSection } from "./settings/MaintenanceSection";
import { NotificationsSection } from "./settings/NotificationsSection";
import { OutSection } from "./settings/OutSection";
import { TokensSection } from "./settings/TokensSection";
import { UsersSection } from "./settings/UsersSection";
import { YouSection } from "./settings/YouSection";

const SECTIONS = {
  you: ["viewer", YouSection],
  maintenance: ["viewer", MaintenanceSection],
  out: ["viewer", OutSection],
  notifications: ["viewer", NotificationsSection],
  ledger: ["engineer", LedgerSection],
  users: ["administrator", UsersSection],
  tokens: ["administrator", TokensSection],
} as const;
type Section = keyof typeof SECTIONS;

export function SettingsPage({ section }: { section: string }) {
  const name = (section in SECTIONS ? section : "you") as Section;
  const [role, View] = SECTIONS[name];
  return (
    <Page title={say("settings.title")}>
      <nav class="tabs groups" aria-label={say("settings.sections")}>
        {(Object.keys(SECTIONS) as Section[]).filter((key) => may(SECTIONS[key][0])).map((key) => (
          <a key={key} class="tab" href={place("settings", key)} aria-current={key === name ? "page" : undefined}>{say(`settings.${key}`)}</a>
        ))}
      </nav>
      {may(role) ? <View /> : <p class="note">{say("settings.role", { role: say(`role.${role}`) })}</p>}
    </Page>
  );
}
