import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ApiError } from "../../api/http";
import * as server from "../../api/webhooks";
import type { Webhook, WebhookFields } from "../../api/types";
import { formatCount } from "../../data/format";
import { toasts } from "../../data/toasts";
import { aboutRuns, changesOf, inOrder } from "../../data/webhook";
import { useWords } from "../../i18n/language";
import { Empty, Skeleton } from "../../parts/Empty";
import { Heading } from "../../parts/Heading";
import { Icon } from "../../parts/Icon";
import { PopMenu } from "../../parts/PopMenu";
import { anchorOf, type Anchor } from "../../parts/Popover";
import { Failure, Region } from "../../parts/Region";
import { DeleteDialog } from "../models/DeleteDialog";
import { experimentsQuery } from "../queries";
import { sayError } from "../sayError";
import { Crumbs } from "../shell/Crumbs";
import { usePageActions } from "../shell/usePageActions";
import { Deliveries } from "./Deliveries";
import { webhooksQuery } from "./queries";
import { WebhookForm } from "./WebhookForm";
import { eventWord } from "./words";
import "./webhooks.css";

type Open =
  | { kind: "form"; webhook: Webhook | null }
  | { kind: "deliveries"; webhook: Webhook }
  | { kind: "deletion"; webhook: Webhook }
  | { kind: "menu"; webhook: Webhook; anchor: Anchor };

/** Which addresses are told of what happens, and what came of it. */
export function WebhooksPage() {
  const { t, language } = useWords();
  const client = useQueryClient();
  const [open, setOpen] = useState<Open | null>(null);
  const webhooks = useQuery(webhooksQuery);
  const rows = webhooks.data ?? [];
  const attempt = async (work: () => Promise<unknown>) => {
    try {
      await work();
    } catch (error) {
      sayError(error, t);
    }
    await client.invalidateQueries({ queryKey: ["webhooks"] });
  };
  const save = async (before: Webhook | null, fields: Partial<WebhookFields>): Promise<string> => {
    try {
      await (before ? server.changeWebhook(before.webhook_id, fields) : server.addWebhook(fields));
    } catch (error) {
      return error instanceof ApiError && error.message ? error.message : t("error.unreachable");
    }
    setOpen(null);
    await client.invalidateQueries({ queryKey: ["webhooks"] });
    return "";
  };
  const act = (webhook: Webhook) => ({
    onDeliveries: () => setOpen({ kind: "deliveries", webhook }),
    onTest: () => attempt(() => test(webhook)),
    onMenu: (anchor: Anchor) => setOpen({ kind: "menu", webhook, anchor }),
  });
  const test = async ({ webhook_id, name, events }: Webhook) => {
    const { success, response_status: status, error_message: fault } = await server.testWebhook(webhook_id);
    const event = eventWord(events[0] ?? "", t);
    if (success) toasts.show(t("webhooks.test.done", { name, status: String(status ?? ""), event }));
    else toasts.show(fault ?? t("webhooks.test.refused", { name, status: String(status ?? "") }), { tone: "bad" });
  };
  usePageActions([{ id: "new-webhook", label: t("webhooks.new"), run: () => setOpen({ kind: "form", webhook: null }) }]);

  return (
    <div className="page">
      <Crumbs items={[]} />
      <div className="page-head">
        <Heading title={[t("webhooks.title")]}>{t("webhooks.title")}</Heading>
        {webhooks.data ? <span className="count">{formatCount(rows.length, language)}</span> : null}
        <div className="page-tools">
          <button type="button" className="button button-strong" onClick={() => setOpen({ kind: "form", webhook: null })}>
            <Icon name="plus" />
            {t("webhooks.new")}
          </button>
        </div>
      </div>
      <Region name="webhooks">
        {webhooks.isError && !webhooks.data ? (
          <Failure error={webhooks.error} retry={() => void webhooks.refetch()} />
        ) : !webhooks.data ? (
          <Skeleton lines={8} />
        ) : rows.length === 0 ? (
          <Empty icon="bell" title={t("webhooks.none")}>
            <p>{t("webhooks.none.help")}</p>
          </Empty>
        ) : (
          <>
            <WebhookTable rows={rows} act={act} />
            <p className="page-foot">{t("webhooks.retries")}</p>
          </>
        )}
      </Region>
      {open?.kind === "form" ? (
        <WebhookForm
          webhook={open.webhook}
          onClose={() => setOpen(null)}
          onSave={(draft) => save(open.webhook, changesOf(open.webhook, draft))}
        />
      ) : open?.kind === "deliveries" ? (
        <Deliveries webhook={open.webhook} onClose={() => setOpen(null)} />
      ) : open?.kind === "deletion" ? (
        <DeleteDialog
          title={t("webhooks.delete.title", { name: open.webhook.name })}
          text={t("webhooks.delete.text")}
          onClose={() => setOpen(null)}
          onDelete={() => {
            setOpen(null);
            void attempt(() => server.deleteWebhook(open.webhook.webhook_id));
          }}
        />
      ) : open?.kind === "menu" ? (
        <RowMenu
          webhook={open.webhook}
          anchor={open.anchor}
          onClose={() => setOpen(null)}
          onEdit={() => setOpen({ kind: "form", webhook: open.webhook })}
          onDelete={() => setOpen({ kind: "deletion", webhook: open.webhook })}
          onStatus={(status) => void attempt(() => server.changeWebhook(open.webhook.webhook_id, { status }))}
        />
      ) : null}
    </div>
  );
}

interface Acts {
  onDeliveries: () => void;
  onTest: () => Promise<void>;
  onMenu: (anchor: Anchor) => void;
}

function WebhookTable({ rows, act }: { rows: readonly Webhook[]; act: (webhook: Webhook) => Acts }) {
  const { t } = useWords();
  const experiments = useQuery({ ...experimentsQuery({ search: "" }), enabled: rows.some((row) => row.experiment_ids?.length) });
  const names = new Map((experiments.data?.experiments ?? []).map((one) => [one.experiment_id, one.name]));
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- so that it can be scrolled by keys
    <div className="table-frame" tabIndex={0} role="region" aria-label={t("webhooks.title")}>
      <table className="table webhooks">
        <thead>
          <tr>
            <th scope="col">{t("column.name")}</th>
            <th scope="col">{t("webhooks.told")}</th>
            <th scope="col">{t("webhooks.state")}</th>
            <th scope="col">
              <span className="hidden-text">{t("webhooks.actions")}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((webhook) => (
            <Row key={webhook.webhook_id} webhook={webhook} names={names} {...act(webhook)} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface RowProps extends Acts {
  webhook: Webhook;
  /** Of experiments, by id. */
  names: ReadonlyMap<string, string>;
}

function Row({ webhook, names, onDeliveries, onTest, onMenu }: RowProps) {
  const { t, language } = useWords();
  const [testing, setTesting] = useState(false);
  const { name, url, description, events, condition, experiment_ids: limits = [], signed, status } = webhook;
  const words = new Intl.ListFormat(language, { type: "disjunction" }).format(inOrder(events).map((event) => eventWord(event, t)));
  return (
    <tr>
      <th scope="row" className="webhook-name">
        <strong>{name}</strong>
        <code>{url}</code>
        {description ? <span className="muted">{description}</span> : null}
      </th>
      <td className="webhook-told">
        {words}
        {condition ? <code>{condition}</code> : null}
        {limits.length && aboutRuns(events) ? (
          <span className="muted">{t("webhooks.only", { names: limits.map((id) => names.get(id) ?? id).join(", ") })}</span>
        ) : null}
      </td>
      <td>
        <span className="webhook-state">
          {status === "ACTIVE" ? (
            <span className="badge tone-ok">
              <Icon name="check" />
              {t("webhooks.active")}
            </span>
          ) : (
            <span className="badge">
              <Icon name="close" />
              {t("webhooks.disabled")}
            </span>
          )}
          {signed ? <span className="muted">{t("webhooks.signed")}</span> : null}
        </span>
      </td>
      <td className="webhook-acts">
        <span>
          <button
            type="button"
            className="button"
            aria-label={t("webhooks.test.of", { name })}
            disabled={testing}
            onClick={() => {
              setTesting(true);
              void onTest().finally(() => setTesting(false));
            }}
          >
            {t(testing ? "webhooks.testing" : "webhooks.test")}
          </button>
          <button type="button" className="button" aria-label={t("webhooks.deliveries.of", { name })} onClick={onDeliveries}>
            {t("webhooks.deliveries")}
          </button>
          <button
            type="button"
            className="icon-button"
            aria-label={t("webhooks.more", { name })}
            title={t("webhooks.more", { name })}
            aria-haspopup="menu"
            onClick={(event) => onMenu(anchorOf(event.currentTarget))}
          >
            <Icon name="more" />
          </button>
        </span>
      </td>
    </tr>
  );
}

interface RowMenuProps {
  webhook: Webhook;
  anchor: Anchor;
  onClose: () => void;
  onEdit: () => void;
  onDelete: () => void;
  onStatus: (status: Webhook["status"]) => void;
}

function RowMenu({ webhook, anchor, onClose, onEdit, onDelete, onStatus }: RowMenuProps) {
  const { t } = useWords();
  const active = webhook.status === "ACTIVE";
  return (
    <PopMenu
      anchor={anchor}
      label={t("webhooks.more", { name: webhook.name })}
      onClose={onClose}
      sections={[
        {
          id: "change",
          actions: [
            { id: "edit", label: t("webhooks.edit"), icon: "edit", run: onEdit },
            {
              id: "status",
              label: t(active ? "webhooks.disable" : "webhooks.enable"),
              icon: active ? "close" : "check",
              run: () => onStatus(active ? "DISABLED" : "ACTIVE"),
            },
          ],
        },
        { id: "delete", actions: [{ id: "delete", label: t("bulk.delete"), icon: "trash", tone: "bad", run: onDelete }] },
      ]}
    />
  );
}
