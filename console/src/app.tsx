import { signal } from "@preact/signals";
import { useErrorBoundary } from "preact/hooks";
import { session } from "./api/http";
import { useKeys } from "./keyboard";
import { AlarmsPage } from "./pages/AlarmsPage";
import { AssetPage } from "./pages/AssetPage";
import { BudgetPage } from "./pages/BudgetPage";
import { CasePage } from "./pages/CasePage";
import { DataPage } from "./pages/DataPage";
import { FirstSignInPage } from "./pages/FirstSignInPage";
import { HandoverPage } from "./pages/HandoverPage";
import { KpiPage } from "./pages/KpiPage";
import { ModelsPage } from "./pages/ModelsPage";
import { NewPasswordPage } from "./pages/NewPasswordPage";
import { OverviewPage } from "./pages/OverviewPage";
import { SettingsPage } from "./pages/SettingsPage";
import { SignInPage } from "./pages/SignInPage";
import { HelpDialog } from "./parts/HelpDialog";
import { LinkBanner } from "./parts/LinkBanner";
import { Navigation } from "./parts/Navigation";
import { Notices } from "./parts/Notices";
import { Page } from "./parts/Page";
import { TopBar } from "./parts/TopBar";
import { go, path } from "./route";
import { say } from "./words/say";

export const helping = signal(false);

export function App() {
  useKeys({
    "?": () => (helping.value = true),
    "/": () => document.getElementById("search")?.focus(),
    "g o": () => go("/"),
    "g a": () => go("/alarms"),
    "g b": () => go("/budget"),
    "g m": () => go("/models"),
    "g d": () => go("/data"),
    "g k": () => go("/kpi"),
    "g s": () => go("/settings"),
  });
  if (session.value === undefined) return null;
  if (path.value[0] === "first-sign-in") return <FirstSignInPage />;
  if (path.value[0] === "new-password") return <NewPasswordPage />;
  if (session.value === null) return <SignInPage />;
  return (
    <div class="frame">
      <a class="skip" href="#main" onClick={(event) => (event.preventDefault(), document.querySelector("h1")?.focus())}>{say("skip")}</a>
      <TopBar />
      <Navigation />
      <div class="content">
        <LinkBanner />
        <Standing key={path.value.join("/")} />
      </div>
      <Notices />
      {helping.value && <HelpDialog onClose={() => (helping.value = false)} />}
    </div>
  );
}

/** The page, or in its place that it could not be drawn: half a page that no longer answers must not pass for a calm plant. */
function Standing() {
  const [wrong, again] = useErrorBoundary((error) => console.error(error));
  if (!wrong) return <CurrentPage />;
  return (
    <Page title={say("fault.title")}>
      <p class="note" role="alert">{String((wrong as Error).message ?? wrong)}</p>
      <button type="button" class="first" onClick={again}>{say("again")}</button>
    </Page>
  );
}

function CurrentPage() {
  const [page = "", name = ""] = path.value;
  switch (page) {
    case "": return <OverviewPage />;
    case "alarms": return <AlarmsPage />;
    case "assets": return <AssetPage key={name} asset={name} />;
    case "cases": return <CasePage key={name} id={name} />;
    case "budget": return <BudgetPage group={name} />;
    case "models": return <ModelsPage />;
    case "data": return <DataPage />;
    case "kpi": return <KpiPage />;
    case "handover": return <HandoverPage />;
    case "settings": return <SettingsPage section={name || "you"} />;
    default:
      return (
        <Page title={say("lost.title")}>
          <p>{say("lost.text")} <a href="/">{say("nav.overview")}</a></p>
        </Page>
      );
  }
}
