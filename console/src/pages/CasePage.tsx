import { Page } from "../parts/Page";

export function CasePage({ id }: { id: string }) {
  return <Page title="Case">{id}</Page>;
}
