import { useQuery } from "@tanstack/react-query";
import { useMemo, useState, type ReactNode } from "react";
import { artifactAddress } from "../../api/server";
import type { Run } from "../../api/types";
import { readPackages } from "../../data/difference";
import { commands, commitPage, dockerfile, optionsOf, pageOf, shellWord, type Origin } from "../../data/reproduce";
import { useWords } from "../../i18n/language";
import { CopyButton } from "../../parts/CopyButton";
import { Failure } from "../../parts/Region";
import { Snippets } from "../../parts/Snippets";
import { sourceQuery } from "../compare/queries";
import { DatasetList } from "./DatasetList";
import { Panel } from "./Panel";
import { DiffText } from "./viewers/DiffText";
import "./logs.css";
import "./viewers/viewers.css";

/** What it takes to run this again: commit, changes, packages, call, data. */
export function ReproduceTab({ run }: { run: Run }) {
  const { t } = useWords();
  const runId = run.info.run_id;
  const patch = useQuery(sourceQuery(runId, "changes.diff"));
  const packages = useQuery(sourceQuery(runId, "packages.txt"));
  const tags = new Map(run.data?.tags?.map((tag) => [tag.key, tag.value]));
  const origin: Origin = {
    repository: tags.get("mlflow.source.git.repoURL"),
    commit: tags.get("mlflow.source.git.commit"),
    program: tags.get("mlflow.project.entryPoint") ?? tags.get("mlflow.source.name"),
    ...(patch.data ? { patch: artifactAddress(runId, "clew/source/changes.diff") } : {}),
    ...(packages.data ? { packages: artifactAddress(runId, "clew/source/packages.txt") } : {}),
  };
  const datasets = run.inputs?.dataset_inputs ?? [];
  return (
    <div className="reproduce">
      <div className="reproduce-top">
        <Panel title={t("reproduce.commands")}>
          <Snippets
            snippets={[
              { id: "shell", label: "Shell", code: commands(origin) },
              { id: "docker", label: "Dockerfile", code: dockerfile(origin) },
            ]}
          />
        </Panel>
        <Source origin={origin} tags={tags} dirty={patch.data !== null && patch.data !== undefined} />
      </div>
      <CallPanel run={run} program={origin.program} />
      <Panel title={t("compare.changes")}>
        {patch.isError ? (
          <Failure error={patch.error} retry={() => void patch.refetch()} />
        ) : patch.data ? (
          <DiffText text={patch.data} />
        ) : (
          <p className="panel-none">{t(patch.isPending ? "loading" : "reproduce.noChanges")}</p>
        )}
      </Panel>
      {packages.isError ? <Failure error={packages.error} retry={() => void packages.refetch()} /> : <Packages text={packages.data} />}
      {datasets.length ? <DatasetList datasets={datasets} /> : null}
    </div>
  );
}

function Source({ origin, tags, dirty }: { origin: Origin; tags: ReadonlyMap<string, string>; dirty: boolean }) {
  const { t } = useWords();
  const { repository, commit } = origin;
  const [page, change] = [pageOf(repository), commitPage(repository, commit)];
  const outside = (href: string | null, text: string) =>
    href ? (
      <a href={href} target="_blank" rel="noopener noreferrer">
        {text}
      </a>
    ) : (
      text
    );
  return (
    <Panel title={t("reproduce.source")}>
      <dl className="facts">
        {repository ? <Fact name={t("reproduce.repository")}>{outside(page, repository)}</Fact> : null}
        {tags.get("mlflow.source.git.branch") ? <Fact name={t("fact.branch")}>{tags.get("mlflow.source.git.branch")}</Fact> : null}
        {commit ? (
          <Fact name={t("fact.commit")}>
            {outside(change, commit.slice(0, 12))} <CopyButton small text={commit} label={t("reproduce.copyCommit")} />
            {dirty ? <span className="badge tone-warn">{t("reproduce.dirty")}</span> : null}
          </Fact>
        ) : null}
        {tags.get("mlflow.source.name") ? <Fact name={t("fact.source")}>{tags.get("mlflow.source.name")}</Fact> : null}
        {tags.get("mlflow.source.type") ? <Fact name={t("reproduce.kind")}>{tags.get("mlflow.source.type")}</Fact> : null}
        {tags.get("mlflow.user") ? <Fact name={t("reproduce.user")}>{tags.get("mlflow.user")}</Fact> : null}
      </dl>
      {commit ? null : <p className="panel-none">{t("reproduce.noCommit")}</p>}
    </Panel>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function CallPanel({ run, program }: { run: Run; program: string | undefined }) {
  const { t } = useWords();
  const params = run.data?.params ?? [];
  if (params.length === 0) return null;
  const call = `python ${shellWord(program ?? "train.py")} ${optionsOf(params)}`;
  return (
    <Panel title={t("reproduce.call")} tools={<CopyButton small text={call} label={t("reproduce.copyCall")} />}>
      <p className="panel-none">{t("reproduce.call.help")}</p>
      <pre className="note">{call}</pre>
    </Panel>
  );
}

function Packages({ text }: { text: string | null | undefined }) {
  const { t } = useWords();
  const [search, setSearch] = useState("");
  const all = useMemo(() => (text ? [...readPackages(text)] : []), [text]);
  const shown = all.filter(([name]) => name.toLowerCase().includes(search.trim().toLowerCase()));
  return (
    <Panel
      title={t("compare.packages")}
      {...(text ? { count: all.length, search, onSearch: setSearch, tools: <CopyButton small text={text} label={t("reproduce.copyPackages")} /> } : {})}
    >
      {text ? (
        <ul className="package-list">
          {shown.map(([name, version]) => (
            <li key={name}>
              {name} <span className="muted">{version}</span>
            </li>
          ))}
        </ul>
      ) : (
        <p className="panel-none">{t(text === undefined ? "loading" : "reproduce.noPackages")}</p>
      )}
    </Panel>
  );
}
