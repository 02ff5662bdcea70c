import { useQueries } from "@tanstack/react-query";
import { Link, useLocation, useSearch } from "wouter";
import { formatNumber, formatParam } from "../../data/format";
import { readSignature } from "../../data/mlmodel";
import { modelAddress, readVersions, versionAddress } from "../../data/registry";
import { versionDifferences, type VersionFacts, type VersionPart } from "../../data/versiondiff";
import { useWords, type MessageKey } from "../../i18n/language";
import { Empty, Skeleton } from "../../parts/Empty";
import { Heading } from "../../parts/Heading";
import { Icon } from "../../parts/Icon";
import { faultOf } from "../../parts/Region";
import { runQuery } from "../queries";
import { Crumbs } from "../shell/Crumbs";
import { AliasChip } from "./AliasChip";
import { folderQuery, keptTextQuery, versionQuery } from "./queries";
import { StageBadge } from "./StageBadge";
import "../compare/compare.css";
import "../run/run.css";
import "./models.css";

const PART_WORDS: Record<VersionPart, MessageKey> = {
  metrics: "section.metrics",
  params: "section.params",
  signature: "models.signature",
  tags: "section.tags",
};

/** Versions of a model beside each other; what differs from the first is marked. */
export function CompareVersionsPage({ name }: { name: string }) {
  const { t } = useWords();
  const [path, navigate] = useLocation();
  const search = useSearch();
  const query = new URLSearchParams(search);
  const numbers = readVersions(query.get("v"));
  const all = query.get("all") === "1";
  const versions = useQueries({ queries: numbers.map((number) => versionQuery(name, number)) });
  const found = versions.flatMap((version) => version.data ?? []);
  const facts = useFacts(name, found);
  const missing = numbers.filter((_number, index) => versions[index]?.isError);
  const go = (change: { v?: readonly string[]; all?: boolean }) => {
    const next = { v: numbers, all, ...change };
    navigate(`${path}?v=${next.v.join(",")}${next.all ? "&all=1" : ""}`, { replace: true });
  };
  const title = t("models.compare.title", { name, n: numbers.length });
  return (
    <div className="page">
      <Crumbs
        items={[
          { label: t("models.title"), href: "/models" },
          { label: name, href: modelAddress(name) },
        ]}
      />
      <div className="page-head">
        <Heading title={[title]}>{title}</Heading>
        <div className="page-tools">
          <label className="check">
            <input type="checkbox" checked={!all} onChange={(event) => go({ all: !event.target.checked })} />
            {t("compare.only")}
          </label>
        </div>
      </div>
      {missing.map((number) => (
        <p key={number} className="compare-missing" role="status">
          <Icon name="warning" />
          <span>{faultOf(versions[numbers.indexOf(number)]?.error).message}</span>
          <button type="button" className="button-link" onClick={() => go({ v: numbers.filter((one) => one !== number) })}>
            {t("compare.drop")}
          </button>
        </p>
      ))}
      {found.length === 0 && versions.some((version) => version.isPending) ? (
        <Skeleton lines={10} />
      ) : found.length === 0 ? (
        <Empty icon="box" title={t("models.compare.none")}>
          <Link href={modelAddress(name)}>{t("models.versions")}</Link>
        </Empty>
      ) : (
        <Table facts={facts} all={all} />
      )}
    </div>
  );
}

/** Versions with their runs and signatures, as far as these are known yet. */
function useFacts(name: string, versions: readonly VersionFacts["version"][]): VersionFacts[] {
  const runs = useQueries({
    queries: versions.map(({ run_id: id }) => ({ ...runQuery(id ?? ""), enabled: Boolean(id) })),
  });
  const folders = useQueries({ queries: versions.map((version) => folderQuery(name, version.version)) });
  const files = useQueries({
    queries: versions.map((_version, index) => {
      const path = folders[index]?.data?.path;
      return { ...keptTextQuery(`${path}/MLmodel`), enabled: path !== undefined };
    }),
  });
  return versions.map((version, index) => ({
    version,
    run: runs[index]?.data ?? null,
    signature: readSignature(files[index]?.data ?? ""),
  }));
}

function Table({ facts, all }: { facts: readonly VersionFacts[]; all: boolean }) {
  const { t } = useWords();
  const cell = (part: VersionPart, text: string) =>
    part === "metrics" ? formatNumber(Number(text)) : part === "params" ? formatParam(text) : text;
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- so that it can be scrolled by keys
    <div className="compare-frame versions-compare" tabIndex={0} role="region" aria-label={t("compare.values")}>
      <table className="compare-table">
        <thead>
          <tr>
            <th scope="col">{t("compare.key")}</th>
            {facts.map(({ version }) => (
              <th key={version.version} scope="col">
                <span className="chips-line">
                  <Link href={versionAddress(version.name, version.version)}>v{version.version}</Link>
                  {version.current_stage === "None" ? null : <StageBadge stage={version.current_stage} />}
                  {(version.aliases ?? []).map((alias) => (
                    <AliasChip key={alias} name={version.name} alias={alias} />
                  ))}
                </span>
              </th>
            ))}
          </tr>
        </thead>
        {versionDifferences(facts).map(({ part, rows }) => {
          const differing = rows.filter((row) => !row.same);
          const shown = all ? rows : differing;
          const equal = rows.length - shown.length;
          return (
            <tbody key={part}>
              <tr className="compare-part">
                <th colSpan={facts.length + 1} scope="rowgroup">
                  <strong>{t(PART_WORDS[part])}</strong>{" "}
                  <span className="muted">{t("compare.differ", { n: differing.length, total: rows.length })}</span>
                </th>
              </tr>
              {shown.map((row) => (
                <tr key={row.key}>
                  <th scope="row" title={row.key}>
                    {row.key}
                  </th>
                  {row.texts.map((text, index) => (
                    <td
                      // oxlint-disable-next-line react/no-array-index-key -- a row's cells stand in the order of the versions
                      key={index}
                      className={text === row.texts[0] ? undefined : "compare-differs"}
                      title={text ?? undefined}
                    >
                      <span className={part === "metrics" ? "compare-number" : "compare-text"}>
                        {text === null ? "–" : cell(part, text)}
                      </span>
                    </td>
                  ))}
                </tr>
              ))}
              {equal > 0 ? (
                <tr className="compare-equal">
                  <td colSpan={facts.length + 1}>{t("compare.equal", { n: equal })}</td>
                </tr>
              ) : null}
            </tbody>
          );
        })}
      </table>
    </div>
  );
}
