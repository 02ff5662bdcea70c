import { useState } from "react";
import { useWords } from "../../i18n/language";
import { Icon } from "../../parts/Icon";
import { LongText } from "../../parts/LongText";
import { Panel } from "../run/Panel";

const MAX_TEXT = 5000;

/** A description that can be edited in its place. */
export function Description({ text, onSave }: { text: string; onSave: (text: string) => void }) {
  const { t } = useWords();
  const [draft, setDraft] = useState<string | null>(null);
  if (draft !== null) {
    return (
      <Panel title={t("models.description")}>
        <form
          className="form description-form"
          onSubmit={(event) => {
            event.preventDefault();
            setDraft(null);
            if (draft !== text) onSave(draft);
          }}
        >
          <textarea
            // oxlint-disable-next-line jsx-a11y/no-autofocus -- the reader asked to write here
            autoFocus
            rows={5}
            maxLength={MAX_TEXT}
            aria-label={t("models.description")}
            value={draft}
            onChange={(event) => setDraft(event.target.value)}
            onKeyDown={(event) => {
              if (event.key === "Escape" && !event.nativeEvent.isComposing) setDraft(null);
              if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.currentTarget.form?.requestSubmit();
            }}
          />
          <div className="form-end">
            <button type="button" className="button" onClick={() => setDraft(null)}>
              {t("cancel")}
            </button>
            <button type="submit" className="button button-strong">
              {t("models.save")}
            </button>
          </div>
        </form>
      </Panel>
    );
  }
  const edit = (
    <button
      type="button"
      className="icon-button"
      aria-label={t("models.description.edit")}
      title={t("models.description.edit")}
      onClick={() => setDraft(text)}
    >
      <Icon name="edit" />
    </button>
  );
  return (
    <Panel title={t("models.description")} tools={edit}>
      {text ? (
        <p className="note">
          <LongText text={text} />
        </p>
      ) : (
        <p className="panel-none">{t("models.description.none")}</p>
      )}
    </Panel>
  );
}
