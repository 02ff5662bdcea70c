import { useQuery } from "@tanstack/react-query";
import { useId } from "react";
import { Link } from "wouter";
import { formatTime } from "../../data/format";
import { stagesThen, toLocalInput, versionAddress } from "../../data/registry";
import { useWords } from "../../i18n/language";
import { Skeleton } from "../../parts/Empty";
import { useNow } from "../../parts/Now";
import { Failure } from "../../parts/Region";
import { Panel } from "../run/Panel";
import { AliasChip } from "./AliasChip";
import { stateQuery } from "./queries";
import { StageBadge } from "./StageBadge";

interface StateAtProps {
  name: string;
  /** In ms since 1970; null while none is chosen. */
  at: number | null;
  onAt: (at: number | null) => void;
}

/** What the aliases of a model meant, and which versions stood in a stage, at a time of the reader's. */
export function StateAt({ name, at, onAt }: StateAtProps) {
  const { t } = useWords();
  const now = useNow();
  const id = useId();
  return (
    <Panel
      title={t("models.at")}
      tools={
        at === null ? null : (
          <button type="button" className="button-link" onClick={() => onAt(null)}>
            {t("models.at.clear")}
          </button>
        )
      }
    >
      <div className="state-at">
        <label htmlFor={id} className="hidden-text">
          {t("models.at.time")}
        </label>
        <input
          id={id}
          type="datetime-local"
          step={1}
          max={toLocalInput(now)}
          value={at === null ? "" : toLocalInput(at)}
          onChange={(event) => {
            const chosen = new Date(event.target.value).getTime();
            onAt(Number.isNaN(chosen) ? null : chosen);
          }}
        />
        {at === null ? <p className="muted">{t("models.at.help")}</p> : <Then name={name} at={at} />}
      </div>
    </Panel>
  );
}

function Then({ name, at }: { name: string; at: number }) {
  const { t, language } = useWords();
  const state = useQuery(stateQuery(name, at));
  if (state.isError) return <Failure error={state.error} retry={() => void state.refetch()} />;
  if (state.isPending) return <Skeleton lines={2} />;
  const { aliases = [], stages = [] } = state.data;
  const staged = stagesThen(stages);
  return (
    <div role="status">
      <p className="muted">{t("models.at.versions", { n: stages.length, time: formatTime(at, language) })}</p>
      {aliases.length === 0 && staged.length === 0 ? <p>{t("models.at.none")}</p> : null}
      <ul className="state-then">
        {aliases.map(({ alias, version }) => (
          <li key={alias}>
            <AliasChip name={name} alias={alias} />
            <Link href={versionAddress(name, version)}>{t("models.version", { version })}</Link>
          </li>
        ))}
        {staged.map(({ stage, versions }) => (
          <li key={stage}>
            <StageBadge stage={stage} />
            <span className="state-versions">
              {versions.map((version) => (
                <Link key={version} href={versionAddress(name, version)}>
                  {t("models.version", { version })}
                </Link>
              ))}
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}
