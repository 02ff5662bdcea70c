import { useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";
import { decodeModels, isAlias } from "../../data/registry";
import { useWords } from "../../i18n/language";
import { Drawer } from "../../parts/Drawer";
import { modelsQuery } from "./queries";
import type { Registration } from "./useRegistryActions";

interface RegisterFormProps {
  title: string;
  action: string;
  /** Whether a version comes with it: then the name may be taken, and an alias may be given. */
  version: boolean;
  onClose: () => void;
  onSave: (registration: Registration) => void;
}

/** Asks for the name of a model, a description, and for a version an alias. */
export function RegisterForm({ title, action, version, onClose, onSave }: RegisterFormProps) {
  const { t } = useWords();
  const list = useId();
  const [draft, setDraft] = useState<Registration>({ name: "", description: "", alias: "" });
  const models = useQuery(modelsQuery(decodeModels("")));
  const names = (models.data?.registered_models ?? []).map((model) => model.name);
  const name = draft.name.trim();
  const taken = names.includes(name);
  const fault = /[/:]/.test(name) ? t("models.name.bad") : taken && !version ? t("models.name.taken") : "";
  const alias = draft.alias.trim().replace(/^@/, "");
  const badAlias = alias !== "" && !isAlias(alias);
  const put = (change: Partial<Registration>) => setDraft({ ...draft, ...change });
  return (
    <Drawer title={title} place="middle" onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          if (name && !fault && !badAlias) onSave({ ...draft, name, alias });
        }}
      >
        <label>
          {t("models.name")}
          <input
            type="text"
            data-first
            list={version ? list : undefined}
            value={draft.name}
            maxLength={256}
            placeholder="wine_quality"
            aria-invalid={fault !== ""}
            onChange={(event) => put({ name: event.target.value })}
          />
        </label>
        <datalist id={list}>
          {names.map((one) => (
            <option key={one} value={one}>
              {one}
            </option>
          ))}
        </datalist>
        <p className={fault ? "form-fault" : "muted"} role="status">
          {fault || (version && name ? t(taken ? "models.name.more" : "models.name.new") : "")}
        </p>
        <label>
          {t(version ? "models.description.version" : "models.description")}
          <textarea rows={3} value={draft.description} maxLength={5000} onChange={(event) => put({ description: event.target.value })} />
        </label>
        {version ? (
          <label>
            {t("models.alias.maybe")}
            <input
              type="text"
              value={draft.alias}
              maxLength={255}
              placeholder="challenger"
              aria-invalid={badAlias}
              onChange={(event) => put({ alias: event.target.value })}
            />
          </label>
        ) : null}
        {badAlias ? (
          <p className="form-fault" role="status">
            {t("models.alias.bad")}
          </p>
        ) : null}
        <div className="form-end">
          <button type="button" className="button" onClick={onClose}>
            {t("cancel")}
          </button>
          <button type="submit" className="button button-strong" disabled={!name || fault !== "" || badAlias}>
            {action}
          </button>
        </div>
      </form>
    </Drawer>
  );
}
