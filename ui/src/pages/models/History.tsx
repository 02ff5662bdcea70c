import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "wouter";
import type { ModelMove, ModelStage } from "../../api/types";
import { concerns, versionAddress } from "../../data/registry";
import { formatAge, formatTime } from "../../data/format";
import { useWords, type Translate } from "../../i18n/language";
import { Skeleton } from "../../parts/Empty";
import { Icon } from "../../parts/Icon";
import type { IconName } from "../../parts/icons";
import { useNow } from "../../parts/Now";
import { Failure } from "../../parts/Region";
import { Panel } from "../run/Panel";
import { AliasChip } from "./AliasChip";
import { historyQuery } from "./queries";
import { StageBadge } from "./StageBadge";

const FIRST = 50;
const MOST = 1000;
const ICONS: Record<ModelMove["kind"], IconName> = {
  model: "box",
  version: "plus",
  stage: "move",
  alias: "tag",
  rule: "flag",
  request: "flag",
  approval: "check",
  rejection: "close",
  withdrawal: "close",
};
const CONSENT = { request: "models.did.request", approval: "models.did.approval", rejection: "models.did.rejection", withdrawal: "models.did.withdrawal" } as const;

interface HistoryProps {
  name: string;
  version?: string;
  /** Shows how all stood right after a move. */
  onAt?: (at: number) => void;
}

/** Who moved what, when, from where to where and why; of one version where it is given. */
export function History({ name, version, onAt }: HistoryProps) {
  const { t } = useWords();
  const [most, setMost] = useState(version === undefined ? FIRST : MOST);
  const history = useQuery(historyQuery(name, most));
  const moves = (history.data?.moves ?? []).filter((move) => version === undefined || concerns(move, version));
  return (
    <Panel title={t("models.history")}>
      {history.isError && !history.data ? (
        <Failure error={history.error} retry={() => void history.refetch()} />
      ) : history.isPending ? (
        <Skeleton lines={4} />
      ) : (
        <ol className="moves">
          {moves.map((move) => (
            <MoveItem key={move.id} name={name} move={move} {...(onAt ? { onAt } : {})} />
          ))}
        </ol>
      )}
      {history.data?.more && most < MOST ? (
        <button type="button" className="button moves-more" onClick={() => setMost(MOST)}>
          {t("models.history.older")}
        </button>
      ) : null}
    </Panel>
  );
}

function MoveItem({ name, move, onAt }: { name: string; move: ModelMove; onAt?: (at: number) => void }) {
  const { t, language } = useWords();
  const now = useNow();
  return (
    <li>
      <span className="move-icon">
        <Icon name={ICONS[move.kind] ?? "move"} />
      </span>
      <div>
        <p className="move-what">
          <What name={name} move={move} />
        </p>
        {move.reason ? <p className="move-why">{move.reason}</p> : null}
        <p className="move-who">
          {onAt ? (
            <button type="button" className="button-link move-time" title={t("models.at.then", { time: formatTime(move.timestamp, language) })} onClick={() => onAt(move.timestamp)}>
              <time>{formatAge(move.timestamp, now, language)}</time>
            </button>
          ) : (
            <time title={formatTime(move.timestamp, language)}>{formatAge(move.timestamp, now, language)}</time>
          )}
          {" · "}
          {move.user || t("models.nobody")}
        </p>
      </div>
    </li>
  );
}

function What({ name, move }: { name: string; move: ModelMove }) {
  const { t } = useWords();
  const { kind, version = "", alias = "", before = "", after = "" } = move;
  if (kind === "model") return modelWords(before, after, t);
  if (kind === "version") {
    if (!after) return t("models.version.deleted", { version });
    return (
      <>
        <VersionLink name={name} version={version} /> {t("models.version.made")}
      </>
    );
  }
  if (kind === "rule") {
    const rule = after || t("models.rule.none");
    return alias ? t("models.rule", { target: `@${alias}`, rule }) : rule;
  }
  if (kind !== "stage" && kind !== "alias") {
    return (
      <>
        {t(CONSENT[kind])}
        <VersionLink name={name} version={version} />
        <Icon name="right" />
        {alias ? <AliasChip name={name} alias={alias} /> : <StageBadge stage={after as ModelStage} />}
      </>
    );
  }
  if (kind === "stage") {
    return (
      <>
        <VersionLink name={name} version={version} />
        <StageBadge stage={before as ModelStage} />
        <Icon name="right" />
        <StageBadge stage={after as ModelStage} />
      </>
    );
  }
  return (
    <>
      <AliasChip name={name} alias={alias} />
      <End name={name} version={before} />
      <Icon name="right" />
      <End name={name} version={after} />
    </>
  );
}

function modelWords(before: string, after: string, t: Translate): string {
  if (!after) return t("models.deleted");
  return before ? t("models.renamed", { before, after }) : t("models.created", { name: after });
}

function VersionLink({ name, version }: { name: string; version: string }) {
  const { t } = useWords();
  return <Link href={versionAddress(name, version)}>{t("models.version", { version })}</Link>;
}

function End({ name, version }: { name: string; version: string }) {
  const { t } = useWords();
  if (!version) return <span className="muted">{t("models.noVersion")}</span>;
  return <Link href={versionAddress(name, version)}>v{version}</Link>;
}
