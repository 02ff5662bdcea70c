import { QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { Redirect, Route, Router, Switch, useLocation } from "wouter";
import { ApiError } from "./api/http";
import { live } from "./data/live";
import { partOf } from "./data/registry";
import { ExperimentsPage } from "./pages/experiments/ExperimentsPage";
import { NotFoundPage } from "./pages/NotFoundPage";
import { RunPage } from "./pages/run/RunPage";
import { RunsPage } from "./pages/runs/RunsPage";
import { Shell } from "./pages/shell/Shell";
import { Skeleton } from "./parts/Empty";
import { NowProvider } from "./parts/Now";
import { Region } from "./parts/Region";

const MAX_RETRIES = 3;

// What the table does not need comes when it is opened.
const ComparePage = lazy(async () => ({ default: (await import("./pages/compare/ComparePage")).ComparePage }));
const ModelsPage = lazy(async () => ({ default: (await import("./pages/models/pages")).ModelsPage }));
const ModelPage = lazy(async () => ({ default: (await import("./pages/models/pages")).ModelPage }));
const VersionPage = lazy(async () => ({ default: (await import("./pages/models/pages")).VersionPage }));
const WebhooksPage = lazy(async () => ({ default: (await import("./pages/webhooks/WebhooksPage")).WebhooksPage }));
const CompareVersionsPage = lazy(async () => ({ default: (await import("./pages/models/pages")).CompareVersionsPage }));

const client = new QueryClient({
  queryCache: new QueryCache({
    onSuccess: () => live.report(true),
    onError: (error) => {
      if (error instanceof ApiError) live.report(error.status !== 0);
    },
  }),
  defaultOptions: {
    queries: {
      staleTime: 2000,
      retry: (count, error) => {
        if (!(error instanceof ApiError) || !error.passing) return false;
        // Nobody answers: that is said at once, and the sign of life is what is asked for again.
        if (error.status === 0) live.report(false);
        return error.status !== 0 && count < MAX_RETRIES;
      },
    },
  },
});

// Nothing is asked while the server is away: when it is back, all of it.
let answered = true;
live.subscribe(() => {
  const back = !answered && live.get() === "live";
  answered = live.get() !== "reconnecting";
  if (back) void client.refetchQueries({ type: "active" });
});

/** The path that the server serves the pages under, without the last slash. */
const base = new URL(document.baseURI).pathname.replace(/\/$/, "");

export function App() {
  return (
    <QueryClientProvider client={client}>
      <NowProvider>
        <Router base={base}>
          <Shell>
            <Pages />
          </Shell>
        </Router>
      </NowProvider>
    </QueryClientProvider>
  );
}

function Pages() {
  const [path] = useLocation();
  return (
    <Region name={path}>
      <Suspense fallback={<Skeleton lines={12} />}>
        <Switch>
          <Route path="/">
            <Redirect to="/experiments" replace />
          </Route>
          <Route path="/experiments" component={ExperimentsPage} />
          <Route path="/experiments/:id">
            {({ id }) => <Redirect to={`/experiments/${encodeURIComponent(id)}/runs`} replace />}
          </Route>
          <Route path="/compare" component={ComparePage} />
          <Route path="/experiments/:id/compare" component={ComparePage} />
          <Route path="/experiments/:id/:layout">
            {({ id, layout }) =>
              layout === "runs" || layout === "charts" ? (
                <RunsPage key={id} experimentId={decodeURIComponent(id)} />
              ) : (
                <NotFoundPage />
              )
            }
          </Route>
          <Route path="/runs/:id/artifacts/*">
            {({ id }) => <RunPage key={id} runId={decodeURIComponent(id)} tab="artifacts" />}
          </Route>
          <Route path="/runs/:id/:tab?">
            {({ id, tab }) => <RunPage key={id} runId={decodeURIComponent(id)} tab={tab ?? "overview"} />}
          </Route>
          <Route path="/webhooks" component={WebhooksPage} />
          <Route path="/models" component={ModelsPage} />
          <Route path="/models/:name">{({ name }) => <ModelPage key={name} name={partOf(name)} />}</Route>
          <Route path="/models/:name/compare">{({ name }) => <CompareVersionsPage key={name} name={partOf(name)} />}</Route>
          <Route path="/models/:name/versions/:version">
            {({ name, version }) => (
              <VersionPage key={`${name}/${version}`} name={partOf(name)} number={partOf(version)} />
            )}
          </Route>
          <Route component={NotFoundPage} />
        </Switch>
      </Suspense>
    </Region>
  );
}
