import { Page } from "../parts/Page";

export function BudgetPage({ group }: { group: string }) {
  return <Page title="Budget">{group}</Page>;
}
