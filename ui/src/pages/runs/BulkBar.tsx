import { useState } from "react";
import { Link } from "wouter";
import type { BulkAction } from "../../api/types";
import { compareAddress, MOST_COMPARED } from "../../data/comparison";
import { useWords } from "../../i18n/language";
import { Icon } from "../../parts/Icon";
import { MenuButton } from "../../parts/ToolButton";
import { act, MAX_CHANGED, MAX_STARS, scopeOf, starAll, type SelectedFrom } from "./bulk";
import { exportActions } from "./exportActions";
import { ExperimentDialog } from "./ExperimentDialog";
import { RenameDialog } from "./RenameDialog";
import { TagDialog } from "./TagDialog";

interface BulkBarProps {
  from: SelectedFrom;
  count: number;
  experimentId: string;
  /** Of the file that runs are exported to. */
  name: string;
  /** The table's order. */
  order: readonly string[];
  deleted: boolean;
  /** The run that others are compared with. */
  baseline: string | null;
  onAll: () => void;
  onClear: () => void;
  /** Runs have changed. */
  onDone: () => void;
}

type Dialog = "tag" | "rename" | "move" | "copy";

/** What can be done with the selected runs. */
export function BulkBar(props: BulkBarProps) {
  const { from, count, deleted, onAll, onClear, onDone } = props;
  const words = useWords();
  const { t } = words;
  const [dialog, setDialog] = useState<Dialog | null>(null);
  const run = (action: BulkAction) => void act(from, action, onDone, words);
  const leave = (action: BulkAction) => {
    run(action);
    onClear();
  };
  const many = count > MAX_CHANGED;
  return (
    <div className="bulk" role="toolbar" aria-label={t("bulk.label")}>
      <span className="bulk-count" role="status">
        {t("bulk.selected", { n: count })}
      </span>
      {from.selection.all || count >= from.total ? null : (
        <button type="button" className="button-link tone-run" onClick={onAll}>
          {t("bulk.all", { n: from.total })}
        </button>
      )}
      {many ? <span className="bulk-note">{t("bulk.many", { n: MAX_CHANGED })}</span> : null}
      {deleted ? (
        <button type="button" className="button tool" disabled={many} onClick={() => leave({ action: "restore" })}>
          <Icon name="restore" />
          {t("bulk.restore")}
        </button>
      ) : (
        <>
          {from.selection.all || count < 2 || count > MOST_COMPARED ? null : (
            <Link className="button tool" href={compareAddress([...from.selection.ids], props.baseline)}>
              <Icon name="columns" />
              {t("compare.action")}
            </Link>
          )}
          <button type="button" className="button tool" disabled={many} onClick={() => setDialog("tag")}>
            <Icon name="tag" />
            {t("bulk.tag")}
          </button>
          <button type="button" className="button tool" disabled={many} onClick={() => setDialog("rename")}>
            <Icon name="edit" />
            {t("bulk.rename")}
          </button>
          {from.selection.all || count > MAX_STARS ? null : (
            <button type="button" className="button tool" onClick={() => void starAll([...from.selection.ids], onDone, words)}>
              <Icon name="star" />
              {t("bulk.star")}
            </button>
          )}
          <button type="button" className="button tool" disabled={many} onClick={() => setDialog("move")}>
            <Icon name="move" />
            {t("bulk.move")}
          </button>
          <button type="button" className="button tool" disabled={many} onClick={() => setDialog("copy")}>
            <Icon name="copy" />
            {t("bulk.copy")}
          </button>
          <MenuButton
            icon="download"
            label={t("bulk.export")}
            sections={[{ id: "formats", actions: exportActions(scopeOf(from), props.order, props.name, words) }]}
          />
          <button
            type="button"
            className="button tool tone-bad"
            disabled={many}
            onClick={() => leave({ action: "delete" })}
          >
            <Icon name="trash" />
            {t("bulk.delete")}
          </button>
        </>
      )}
      <span className="runs-foot-space" />
      <button type="button" className="button tool" onClick={onClear}>
        {t("bulk.clear")}
        <kbd aria-hidden="true">Esc</kbd>
      </button>
      {dialog === "tag" ? (
        <TagDialog
          count={count}
          onClose={() => setDialog(null)}
          onTag={(tags, deleteTags) => {
            setDialog(null);
            run({ action: "tag", ...(tags.length ? { tags } : {}), ...(deleteTags.length ? { delete_tags: deleteTags } : {}) });
          }}
        />
      ) : null}
      {dialog === "rename" ? (
        <RenameDialog
          count={count}
          onClose={() => setDialog(null)}
          onRename={(template) => {
            setDialog(null);
            run({ action: "rename", template });
          }}
        />
      ) : null}
      {dialog === "move" || dialog === "copy" ? (
        <ExperimentDialog
          title={t(dialog === "move" ? "bulk.moveTo" : "bulk.copyTo", { n: count })}
          without={dialog === "move" ? props.experimentId : ""}
          onClose={() => setDialog(null)}
          onPick={(target) => {
            setDialog(null);
            if (dialog === "move") leave({ action: "move", target_experiment_id: target });
            else run({ action: "copy", target_experiment_id: target });
          }}
        />
      ) : null}
    </div>
  );
}
