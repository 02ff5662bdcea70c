import { useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";
import type { Webhook } from "../../api/types";
import { aboutRuns, CONDITION_MET, draftOf, EVENTS, isComplete, isWebhookName, isWebhookUrl, type WebhookDraft } from "../../data/webhook";
import { useWords, type MessageKey } from "../../i18n/language";
import { Drawer } from "../../parts/Drawer";
import { Icon } from "../../parts/Icon";
import { experimentsQuery } from "../queries";
import { eventWord } from "./words";

const GROUPS: readonly (readonly [keyof typeof EVENTS, MessageKey])[] = [
  ["registry", "webhooks.registry"],
  ["runs", "webhooks.runs"],
];

interface WebhookFormProps {
  /** Null for a new one. */
  webhook: Webhook | null;
  onClose: () => void;
  /** Answers why it could not be saved; empty where it was. */
  onSave: (draft: WebhookDraft) => Promise<string>;
}

/** Asks for the address, the events and the secret of a webhook. */
export function WebhookForm({ webhook, onClose, onSave }: WebhookFormProps) {
  const { t } = useWords();
  const [draft, setDraft] = useState(() => draftOf(webhook));
  const [fault, setFault] = useState("");
  const [busy, setBusy] = useState(false);
  const put = (change: Partial<WebhookDraft>) => setDraft({ ...draft, ...change });
  const badName = draft.name !== "" && !isWebhookName(draft.name.trim());
  const badUrl = draft.url !== "" && !isWebhookUrl(draft.url.trim());
  const toggle = (event: string, on: boolean) =>
    put({ events: on ? [...draft.events, event] : draft.events.filter((one) => one !== event) });
  return (
    <Drawer title={webhook ? t("webhooks.edit.of", { name: webhook.name }) : t("webhooks.new")} onClose={onClose}>
      <form
        className="form webhook-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (!isComplete(draft) || busy) return;
          setBusy(true);
          void onSave(draft).then((said) => {
            setBusy(false);
            setFault(said);
          });
        }}
      >
        <label>
          {t("column.name")}
          <input
            type="text"
            data-first
            value={draft.name}
            maxLength={63}
            placeholder="chat"
            aria-invalid={badName}
            onChange={(event) => put({ name: event.target.value })}
          />
        </label>
        {badName ? (
          <p className="form-fault" role="status">
            {t("webhooks.name.bad")}
          </p>
        ) : null}
        <label>
          {t("webhooks.url")}
          <input
            type="text"
            inputMode="url"
            value={draft.url}
            maxLength={500}
            placeholder="https://hooks.example.com/clew"
            aria-invalid={badUrl}
            onChange={(event) => put({ url: event.target.value })}
          />
        </label>
        {badUrl ? (
          <p className="form-fault" role="status">
            {t("webhooks.url.bad")}
          </p>
        ) : null}
        <label>
          {t("models.description")}
          <input type="text" value={draft.description} maxLength={5000} onChange={(event) => put({ description: event.target.value })} />
        </label>
        {GROUPS.map(([group, word]) => (
          <fieldset key={group}>
            <legend>{t(word)}</legend>
            {EVENTS[group].map((event) => (
              <label key={event} className="check">
                <input
                  type="checkbox"
                  checked={draft.events.includes(event)}
                  onChange={(change) => toggle(event, change.target.checked)}
                />
                {eventWord(event, t)}
              </label>
            ))}
          </fieldset>
        ))}
        {draft.events.includes(CONDITION_MET) ? (
          <label>
            {t("webhooks.condition")}
            <input
              type="text"
              className="code"
              value={draft.condition}
              spellCheck={false}
              placeholder="metrics.loss.nans > 0"
              onChange={(event) => put({ condition: event.target.value })}
            />
          </label>
        ) : null}
        {aboutRuns(draft.events) ? (
          <Experiments chosen={draft.experiments} onChoose={(experiments) => put({ experiments })} />
        ) : null}
        <Secret signed={webhook?.signed === true} draft={draft} onPut={put} />
        {fault ? (
          <p className="form-fault" role="alert">
            {fault}
          </p>
        ) : null}
        <div className="form-end">
          <button type="button" className="button" onClick={onClose}>
            {t("cancel")}
          </button>
          <button type="submit" className="button button-strong" disabled={!isComplete(draft) || busy}>
            {t(webhook ? "models.save" : "experiments.create")}
          </button>
        </div>
      </form>
    </Drawer>
  );
}

/** Experiments by name, to which events of runs are limited. */
function Experiments({ chosen, onChoose }: { chosen: readonly string[]; onChoose: (ids: readonly string[]) => void }) {
  const { t } = useWords();
  const list = useId();
  const [text, setText] = useState("");
  const experiments = useQuery(experimentsQuery({ search: "" })).data?.experiments ?? [];
  const names = new Map(experiments.map((one) => [one.experiment_id, one.name]));
  const take = (typed: string) => {
    const found = experiments.find((one) => one.name === typed.trim());
    setText(found ? "" : typed);
    if (found && !chosen.includes(found.experiment_id)) onChoose([...chosen, found.experiment_id]);
  };
  return (
    <div className="webhook-limits">
      <label>
        {t("webhooks.limit")}
        <input
          type="text"
          list={list}
          value={text}
          placeholder={t("webhooks.limit.all")}
          onChange={(event) => take(event.target.value)}
        />
      </label>
      <datalist id={list}>
        {experiments.map((one) => (
          <option key={one.experiment_id} value={one.name}>
            {one.name}
          </option>
        ))}
      </datalist>
      {chosen.length ? (
        <ul>
          {chosen.map((id) => {
            const name = names.get(id) ?? id;
            return (
              <li key={id} className="badge">
                <span>{name}</span>
                <button
                  type="button"
                  aria-label={t("webhooks.limit.drop", { name })}
                  onClick={() => onChoose(chosen.filter((one) => one !== id))}
                >
                  <Icon name="close" />
                </button>
              </li>
            );
          })}
        </ul>
      ) : null}
    </div>
  );
}

interface SecretProps {
  /** Whether there is one already. */
  signed: boolean;
  draft: WebhookDraft;
  onPut: (change: Partial<WebhookDraft>) => void;
}

/** The secret can be given and taken away, never read. */
function Secret({ signed, draft, onPut }: SecretProps) {
  const { t } = useWords();
  const help = useId();
  return (
    <>
      <label>
        {t("webhooks.secret")}
        <input
          type="password"
          autoComplete="new-password"
          aria-describedby={help}
          value={draft.secret}
          maxLength={1000}
          disabled={draft.unsigned}
          placeholder={signed ? t("webhooks.secret.kept") : ""}
          onChange={(event) => onPut({ secret: event.target.value })}
        />
      </label>
      <p id={help} className="muted webhook-help">
        {t("webhooks.secret.help")}
      </p>
      {signed ? (
        <label className="check">
          <input type="checkbox" checked={draft.unsigned} onChange={(event) => onPut({ unsigned: event.target.checked, secret: "" })} />
          {t("webhooks.secret.drop")}
        </label>
      ) : null}
    </>
  );
}
