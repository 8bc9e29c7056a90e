import { Page } from "../parts/Page";

export function AssetPage({ asset }: { asset: string }) {
  return <Page title="Asset">{asset}</Page>;
}
