// One asset on one time axis: evidence, quality, events and chosen tags; who is responsible at the left, the case at the right.
import { lazy } from "../parts/lazy";

export const AssetPage = lazy(() => import("./asset/AssetView"));
