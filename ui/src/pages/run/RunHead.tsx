import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useLocation } from "wouter";
import type { Run } from "../../api/types";
import { addedAddress, compareAddress, lastComparison } from "../../data/comparison";
import { formatAge, formatDuration, formatTime } from "../../data/format";
import { placeInList } from "../../data/runlist";
import { useWords } from "../../i18n/language";
import { CopyButton } from "../../parts/CopyButton";
import { Heading } from "../../parts/Heading";
import { Icon } from "../../parts/Icon";
import type { IconName } from "../../parts/icons";
import { LongText } from "../../parts/LongText";
import { useNow } from "../../parts/Now";
import type { MenuAction } from "../../parts/PopMenu";
import { StatusBadge } from "../../parts/Status";
import { MenuButton } from "../../parts/ToolButton";
import { experimentQuery } from "../queries";
import { Crumbs } from "../shell/Crumbs";
import { useKeys } from "../shell/useKeys";
import { usePageActions } from "../shell/usePageActions";
import { RunForm } from "./RunForm";
import { NOTE_TAG, tagOf, useRunActions } from "./useRunActions";

/** What a run is called, how it ended, and what can be done with it. `tab`: the end of the address of the part that is shown. */
export function RunHead({ run, tab }: { run: Run; tab: string }) {
  const { t } = useWords();
  const { info } = run;
  const experiment = useQuery(experimentQuery(info.experiment_id));
  const experimentName = experiment.data?.name ?? info.experiment_id;
  const name = info.run_name || info.run_id.slice(0, 8);
  const place = placeInList(info.run_id);
  const actions = useRunActions(run);
  const [editing, setEditing] = useState(false);
  const runs = `/experiments/${info.experiment_id}/`;
  return (
    <header className="run-head">
      <Crumbs
        items={[
          { label: t("shell.experiments"), href: "/experiments" },
          // Back to the list as it was left.
          { label: experimentName, href: place?.page.startsWith(runs) ? place.page : `${runs}runs` },
        ]}
      />
      <div className="page-head">
        <Heading title={[name, experimentName]}>{name}</Heading>
        <StatusBadge status={info.status} />
        {info.lifecycle_stage === "deleted" ? <span className="badge tone-bad">{t("run.deleted")}</span> : null}
        <button type="button" className="icon-button" aria-label={t("run.edit")} title={t("run.edit")} onClick={() => setEditing(true)}>
          <Icon name="edit" />
        </button>
        <Tools run={run} tab={tab} onEdit={() => setEditing(true)} onTrash={() => void actions.trash()} />
      </div>
      <RunFacts run={run} />
      <Reason run={run} />
      {editing ? (
        <RunForm
          before={{ name: info.run_name ?? "", note: tagOf(run, NOTE_TAG) ?? "" }}
          onClose={() => setEditing(false)}
          onSave={(draft) => {
            setEditing(false);
            void actions.save(draft);
          }}
        />
      ) : null}
    </header>
  );
}

interface ToolsProps {
  run: Run;
  tab: string;
  onEdit: () => void;
  onTrash: () => void;
}

function Tools({ run, tab, onEdit, onTrash }: ToolsProps) {
  const { t } = useWords();
  const [, navigate] = useLocation();
  const { run_id: runId, lifecycle_stage: stage } = run.info;
  const place = placeInList(runId);
  const last = lastComparison();
  const added = addedAddress(runId, last);
  const parent = tagOf(run, "mlflow.parentRunId");
  const comparisons: MenuAction[] = [
    ...(added ? [{ id: "add", label: t("run.compare.add", { n: last.runs.length }), run: () => navigate(added) }] : []),
    ...(parent ? [{ id: "parent", label: t("run.compare.parent"), run: () => navigate(compareAddress([runId], parent)) }] : []),
    { id: "choose", label: t("run.compare.choose"), run: () => navigate(compareAddress([runId])) },
  ];
  const deleted = stage === "deleted";
  const trashWord = t(deleted ? "bulk.restore" : "bulk.delete");
  usePageActions([
    { id: "edit", label: t("run.edit"), run: onEdit },
    ...comparisons.map(({ id, label, run: go }) => ({ id: `compare-${id}`, label: `${t("compare.action")}: ${label}`, run: go })),
    { id: "trash", label: trashWord, run: onTrash },
  ]);
  return (
    <div className="page-tools">
      {place ? <Neighbours before={place.before} after={place.after} tab={tab} /> : null}
      <MenuButton icon="split" label={t("compare.action")} sections={[{ id: "compare", actions: comparisons }]} />
      <MenuButton
        bare
        icon="more"
        label={t("models.actions")}
        sections={[
          {
            id: "trash",
            actions: [
              { id: "trash", label: trashWord, icon: deleted ? "restore" : "trash", ...(deleted ? {} : { tone: "bad" as const }), run: onTrash },
            ],
          },
        ]}
      />
    </div>
  );
}

/** The runs before and after this one in the list that it was opened from. */
function Neighbours({ before, after, tab }: { before: string | undefined; after: string | undefined; tab: string }) {
  const { t } = useWords();
  const [, navigate] = useLocation();
  const go = (runId: string | undefined) => {
    if (runId) navigate(`/runs/${encodeURIComponent(runId)}${tab}`);
  };
  useKeys({ ArrowLeft: () => go(before), ArrowRight: () => go(after) });
  const step = (runId: string | undefined, icon: IconName, word: string) => (
    <button type="button" className="icon-button" disabled={!runId} aria-label={word} title={word} onClick={() => go(runId)}>
      <Icon name={icon} />
    </button>
  );
  return (
    <div className="run-steps" role="group" aria-label={t("run.list")}>
      {step(before, "left", t("run.before"))}
      {step(after, "right", t("run.after"))}
    </div>
  );
}

function RunFacts({ run }: { run: Run }) {
  const { t, language } = useWords();
  const now = useNow();
  const { info } = run;
  const parent = tagOf(run, "mlflow.parentRunId");
  const end = info.end_time ?? (info.status === "RUNNING" ? now : undefined);
  return (
    <p className="run-facts">
      {info.start_time ? (
        <span title={formatTime(info.start_time, language)}>
          {t("run.started", { age: formatAge(info.start_time, now, language) })}
        </span>
      ) : null}
      {info.start_time && end ? (
        <span>
          {t(info.end_time ? "run.took" : "run.soFar", { duration: formatDuration(end - info.start_time, language) })}
        </span>
      ) : null}
      {info.user_id ? <span>{info.user_id}</span> : null}
      {parent ? (
        <span>
          {t("run.parent")} <Link href={`/runs/${parent}`}>{parent.slice(0, 8)}</Link>
        </span>
      ) : null}
      <span className="run-id">
        <code>{info.run_id}</code>
        <CopyButton small text={info.run_id} label={t("run.copyId")} />
      </span>
    </p>
  );
}

/** Why the run did not finish, as it, its client or the server wrote it down. */
function Reason({ run }: { run: Run }) {
  const { t } = useWords();
  const { status } = run.info;
  if (status !== "FAILED" && status !== "KILLED") return null;
  const order = ["clew.failed_reason", "clew.killed_reason"];
  const reason = (status === "KILLED" ? order.toReversed() : order).map((key) => tagOf(run, key)).find(Boolean);
  if (!reason) return null;
  return (
    <div className="run-reason">
      <Icon name="warning" />
      <div>
        <strong>{t(status === "KILLED" ? "run.killedBecause" : "run.failedBecause")}</strong> <LongText text={reason} />
      </div>
    </div>
  );
}
