import { Page } from "../parts/Page";

export function KpiPage() {
  return <Page title="Kpi">{null}</Page>;
}
