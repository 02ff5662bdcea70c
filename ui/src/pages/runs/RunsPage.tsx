import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useLocation, useSearch } from "wouter";
import { address } from "../../api/http";
import { createLink, getView, giveStar, takeStar } from "../../api/server";
import { splitPath } from "../../data/folders";
import { goalOf } from "../../data/goal";
import { toasts } from "../../data/toasts";
import { useWords } from "../../i18n/language";
import { writeClipboard } from "../../parts/clipboard";
import { CopyButton } from "../../parts/CopyButton";
import { Heading } from "../../parts/Heading";
import { Icon } from "../../parts/Icon";
import { Failure, Region } from "../../parts/Region";
import { LayoutSwitch, useLayout } from "../charts/LayoutSwitch";
import { ToolButton } from "../../parts/ToolButton";
import { NotThere } from "../NotFoundPage";
import { columnsQuery, experimentQuery, runCountQuery, starsQuery, viewsQuery } from "../queries";
import { Crumbs } from "../shell/Crumbs";
import { useKeys } from "../shell/useKeys";
import { usePageActions } from "../shell/usePageActions";
import { sayError } from "../sayError";
import { RunsTable } from "./RunsTable";
import { ViewsPanel } from "./ViewsPanel";
import "./runs.css";

/** The runs of an experiment: as a table, as charts, or both. */
export function RunsPage({ experimentId }: { experimentId: string }) {
  const { t } = useWords();
  const experiment = useQuery(experimentQuery(experimentId));
  const known = useQuery(columnsQuery(experimentId));
  // Nothing that can wait is asked for before the first rows are here.
  const [shown, setShown] = useState(false);
  const onShown = useCallback(() => setShown(true), []);
  const count = useQuery({ ...runCountQuery(experimentId), enabled: shown });
  const ready = usePreferredView(experimentId);
  const name = experiment.data?.name ?? "";
  const goal = useMemo(() => goalOf(experiment.data?.tags), [experiment.data]);
  const layout = useLayout();

  if (experiment.isError && !experiment.data) {
    return (
      <div className="page">
        <Crumbs items={[{ label: t("shell.experiments"), href: "/experiments" }]} />
        <NotThere
          error={experiment.error}
          title={t("runs.noExperiment", { id: experimentId })}
          help={t("runs.noExperiment.help")}
          retry={() => void experiment.refetch()}
        />
      </div>
    );
  }
  return (
    <div className="page page-full">
      <Crumbs items={[{ label: t("shell.experiments"), href: "/experiments" }]} />
      <div className="page-head">
        <Heading title={name ? [name] : []}>
          <span className="h1-folder">{splitPath(name).folder}</span>
          {splitPath(name).name || "\u00a0"}
        </Heading>
        <StarButton experimentId={experimentId} ready={shown} />
        <CopyButton small text={experimentId} label={t("runs.copyId", { id: experimentId })} />
        {goal ? (
          <span className="badge goal">
            <Icon name="goal" />
            {t("goal.label", { metric: goal.metric })} {goal.rising ? "↑" : "↓"}
          </span>
        ) : null}
        <LayoutSwitch experimentId={experimentId} layout={layout} />
        <PageTools experimentId={experimentId} />
      </div>
      <Region name={experimentId}>
        {known.isError && !known.data ? (
          <Failure error={known.error} retry={() => void known.refetch()} />
        ) : (
          <RunsTable
            experimentId={experimentId}
            experimentName={name}
            goal={goal}
            layout={layout}
            known={(ready && known.data) || null}
            all={count.data}
            onShown={onShown}
          />
        )}
      </Region>
    </div>
  );
}

/** Opens the experiment's default view where the address says none; true when the address can be read. */
function usePreferredView(experimentId: string): boolean {
  const [path, navigate] = useLocation();
  const search = useSearch();
  const bare = useRef(search === "");
  const views = useQuery({ ...viewsQuery(experimentId), enabled: bare.current });
  const preferred = views.data?.find((view) => view.preferred);
  const body = useQuery({
    queryKey: ["view", preferred?.view_id, preferred?.revision],
    queryFn: ({ signal }) => getView(preferred?.view_id ?? "", signal),
    enabled: bare.current && preferred !== undefined,
    retry: false,
  });
  const waiting = bare.current && (views.isPending || (preferred !== undefined && body.isPending));
  const wanted = bare.current ? body.data?.body?.search : undefined;
  useEffect(() => {
    if (waiting) return;
    bare.current = false;
    if (wanted) navigate(`${path}?${wanted}`, { replace: true });
  }, [waiting, wanted, navigate, path]);
  return !waiting;
}

function StarButton({ experimentId, ready }: { experimentId: string; ready: boolean }) {
  const { t } = useWords();
  const client = useQueryClient();
  const stars = useQuery({ ...starsQuery, enabled: ready });
  const on = stars.data?.has(experimentId) ?? false;
  const word = t(on ? "star.take" : "star.give");
  const toggle = async () => {
    try {
      await (on ? takeStar("experiment", experimentId) : giveStar("experiment", experimentId));
      await client.invalidateQueries({ queryKey: starsQuery.queryKey });
    } catch (error) {
      sayError(error, t);
    }
  };
  return (
    <button type="button" className={on ? "icon-button starred" : "icon-button"} aria-pressed={on} aria-label={word} title={word} onClick={toggle}>
      <Icon name={on ? "starred" : "star"} />
    </button>
  );
}

function PageTools({ experimentId }: { experimentId: string }) {
  const { t } = useWords();
  const [path, navigate] = useLocation();
  const search = useSearch();
  const share = async () => {
    try {
      const link = await createLink(`${location.pathname}${location.search}`);
      await writeClipboard(address(link));
      toasts.show(t("share.copied"));
    } catch (error) {
      sayError(error, t);
    }
  };
  useKeys({ y: () => void share() });
  usePageActions([{ id: "share", label: t("share.hint"), keys: "y", run: () => void share() }]);
  return (
    <div className="page-tools">
      <ToolButton icon="view" label={t("views.title")}>
        {(close) => (
          <ViewsPanel
            experimentId={experimentId}
            search={search}
            onOpen={(next) => {
              close();
              navigate(`${path}${next ? `?${next}` : ""}`);
            }}
          />
        )}
      </ToolButton>
      <button type="button" className="button tool" title={t("share.hint")} onClick={() => void share()}>
        <Icon name="share" />
        <span>{t("share.label")}</span>
      </button>
    </div>
  );
}
