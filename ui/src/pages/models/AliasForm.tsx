import { useId, useState } from "react";
import type { RegisteredModel } from "../../api/types";
import { isAlias } from "../../data/registry";
import { useWords } from "../../i18n/language";
import { Drawer } from "../../parts/Drawer";

interface AliasFormProps {
  model: RegisteredModel | undefined;
  version: string;
  onClose: () => void;
  /** `from`: the version that the alias means now; empty for none. */
  onChoose: (alias: string, from: string) => void;
}

/** Asks which alias shall mean a version; what it means now is said before anything moves. */
export function AliasForm({ model, version, onClose, onChoose }: AliasFormProps) {
  const { t } = useWords();
  const list = useId();
  const [text, setText] = useState("");
  const alias = text.trim().replace(/^@/, "");
  const known = model?.aliases ?? [];
  const now = known.find((one) => one.alias === alias)?.version ?? "";
  const bad = alias !== "" && !isAlias(alias);
  return (
    <Drawer title={t("models.alias.give", { version })} place="middle" onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          if (alias && !bad && now !== version) onChoose(alias, now);
        }}
      >
        <label>
          {t("models.alias")}
          <input
            type="text"
            data-first
            list={list}
            value={text}
            maxLength={255}
            placeholder="champion"
            aria-invalid={bad}
            onChange={(event) => setText(event.target.value)}
          />
        </label>
        <datalist id={list}>
          {known.map((one) => (
            <option key={one.alias} value={one.alias}>
              {one.alias}
            </option>
          ))}
        </datalist>
        <p className={bad ? "form-fault" : "muted"} role="status">
          {bad
            ? t("models.alias.bad")
            : now
              ? t("models.alias.now", { alias, version: now })
              : alias
                ? t("models.alias.new", { alias })
                : ""}
        </p>
        <div className="form-end">
          <button type="button" className="button" onClick={onClose}>
            {t("cancel")}
          </button>
          <button type="submit" className="button button-strong" disabled={!alias || bad || now === version}>
            {t("models.next")}
          </button>
        </div>
      </form>
    </Drawer>
  );
}
