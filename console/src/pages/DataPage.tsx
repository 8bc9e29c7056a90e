import { Page } from "../parts/Page";

export function DataPage() {
  return <Page title="Data">{null}</Page>;
}
