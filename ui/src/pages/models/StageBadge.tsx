import type { ModelStage } from "../../api/types";
import { useWords, type Translate } from "../../i18n/language";
import { Icon } from "../../parts/Icon";
import type { IconName } from "../../parts/icons";

const LOOKS: Record<ModelStage, { icon: IconName; tone: string }> = {
  Production: { icon: "done", tone: "ok" },
  Staging: { icon: "scheduled", tone: "warn" },
  Archived: { icon: "box", tone: "muted" },
  None: { icon: "killed", tone: "muted" },
};

/** Stages are words of the API and stay as they are; only the lack of one has a word of its own. */
export const stageWord = (stage: string, t: Translate) => (stage === "None" ? t("models.noStage") : stage);

/** The stage of a version; with `version` the badge says which one it is, too. */
export function StageBadge({ stage, version }: { stage: ModelStage | undefined; version?: string }) {
  const { t } = useWords();
  const shown = stage ?? "None";
  if (shown === "None" && version === undefined) return <span className="muted">{stageWord(shown, t)}</span>;
  const look = LOOKS[shown] ?? LOOKS.None;
  return (
    <span className={`badge tone-${look.tone}`} title={stageWord(shown, t)}>
      {shown === "None" ? null : <Icon name={look.icon} />}
      {shown === "None" ? null : shown}
      {version === undefined ? null : <strong>{`v${version}`}</strong>}
    </span>
  );
}
