import { Page } from "../parts/Page";

export function SettingsPage({ section }: { section: string }) {
  return <Page title="Settings">{section}</Page>;
}
