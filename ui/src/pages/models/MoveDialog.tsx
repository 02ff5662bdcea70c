import { useState } from "react";
import type { ModelVersion } from "../../api/types";
import { wouldArchive, type Plan } from "../../data/registry";
import { useWords } from "../../i18n/language";
import { Drawer } from "../../parts/Drawer";
import { Icon } from "../../parts/Icon";
import { stageWord } from "./StageBadge";

const MAX_REASON = 5000;

interface MoveDialogProps {
  plan: Plan;
  versions: readonly ModelVersion[];
  onClose: () => void;
  onMove: (plan: Plan, reason: string, archived: readonly string[]) => void;
}

/** Says what a move changes and asks why; the reason stays in the history. */
export function MoveDialog({ plan, versions, onClose, onMove }: MoveDialogProps) {
  const { t } = useWords();
  const [reason, setReason] = useState("");
  const [archive, setArchive] = useState(true);
  const chosen: Plan = plan.kind === "stage" ? { ...plan, archive: plan.archive && archive } : plan;
  const leaving = wouldArchive(plan, versions);
  const gone = plan.kind === "alias" && !plan.to;
  return (
    <Drawer title={titleOf(plan, t)} place="middle" onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          onMove(chosen, reason.trim(), wouldArchive(chosen, versions));
        }}
      >
        <p className="move-steps">
          <Step plan={plan} end="from" />
          <Icon name="right" />
          <Step plan={plan} end="to" />
        </p>
        {leaving.length ? (
          <label className="check">
            <input type="checkbox" checked={archive} onChange={(event) => setArchive(event.target.checked)} />
            {t("models.archive", { versions: leaving.map((one) => `v${one}`).join(", ") })}
          </label>
        ) : null}
        <label>
          {t("models.reason")}
          <textarea
            data-first
            rows={3}
            maxLength={MAX_REASON}
            value={reason}
            placeholder={t("models.reason.hint")}
            onChange={(event) => setReason(event.target.value)}
          />
        </label>
        <div className="form-end">
          <button type="button" className="button" onClick={onClose}>
            {t("cancel")}
          </button>
          <button type="submit" className="button button-strong">
            {t(gone ? "models.alias.remove" : "models.move")}
          </button>
        </div>
      </form>
    </Drawer>
  );
}

function titleOf(plan: Plan, t: ReturnType<typeof useWords>["t"]): string {
  if (plan.kind === "stage") return t("models.move.stage", { version: plan.version, stage: stageWord(plan.to, t) });
  return t(plan.to ? "models.move.alias" : "models.move.noAlias", { alias: plan.alias, version: plan.to });
}

/** One end of a move in words. */
function Step({ plan, end }: { plan: Plan; end: "from" | "to" }) {
  const { t } = useWords();
  if (plan.kind === "stage") return <strong>{stageWord(plan[end], t)}</strong>;
  return plan[end] ? <strong>v{plan[end]}</strong> : <span className="muted">{t("models.noVersion")}</span>;
}
