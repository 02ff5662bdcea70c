import { useQuery } from "@tanstack/react-query";
import type { Webhook } from "../../api/types";
import type { Delivery } from "../../api/webhooks";
import { formatAge, formatTime } from "../../data/format";
import { useWords, type MessageKey } from "../../i18n/language";
import { Drawer } from "../../parts/Drawer";
import { Skeleton } from "../../parts/Empty";
import { Icon } from "../../parts/Icon";
import type { IconName } from "../../parts/icons";
import { useNow } from "../../parts/Now";
import { Failure } from "../../parts/Region";
import { deliveriesQuery, MAX_DELIVERIES } from "./queries";
import { eventWord } from "./words";

const STATES: Record<Delivery["state"], { icon: IconName; tone: string; word: MessageKey }> = {
  delivered: { icon: "done", tone: "ok", word: "webhooks.state.delivered" },
  waiting: { icon: "scheduled", tone: "run", word: "webhooks.state.waiting" },
  failed: { icon: "failed", tone: "bad", word: "webhooks.state.failed" },
};

/** What a webhook was told, or is to be, the newest first. */
export function Deliveries({ webhook, onClose }: { webhook: Webhook; onClose: () => void }) {
  const { t } = useWords();
  const deliveries = useQuery(deliveriesQuery(webhook.webhook_id));
  return (
    <Drawer title={t("webhooks.deliveries.of", { name: webhook.name })} onClose={onClose}>
      {deliveries.isError && !deliveries.data ? (
        <Failure error={deliveries.error} retry={() => void deliveries.refetch()} />
      ) : !deliveries.data ? (
        <Skeleton lines={4} />
      ) : deliveries.data.length === 0 ? (
        <p className="muted">{t("webhooks.deliveries.none")}</p>
      ) : (
        <>
          <ol className="deliveries">
            {deliveries.data.map((one) => (
              <Item key={one.id} delivery={one} />
            ))}
          </ol>
          {deliveries.data.length >= MAX_DELIVERIES ? (
            <p className="page-foot">{t("webhooks.deliveries.some", { n: MAX_DELIVERIES })}</p>
          ) : null}
        </>
      )}
    </Drawer>
  );
}

function Item({ delivery }: { delivery: Delivery }) {
  const { t, language } = useWords();
  const now = useNow();
  const { event, state, attempts = 0, creation_timestamp: made, next_timestamp: next, response_status: status, error, body } = delivery;
  const look = STATES[state];
  const facts = [
    status ? `HTTP ${status}` : "",
    attempts > 1 ? t("webhooks.attempts", { n: attempts }) : "",
    state === "waiting" && next && attempts > 0 ? t("webhooks.next", { time: formatTime(next, language) }) : "",
  ].filter(Boolean);
  return (
    <li>
      <p className="delivery-head">
        <span className={`badge tone-${look.tone}`}>
          <Icon name={look.icon} />
          {t(look.word)}
        </span>
        <time className="muted" title={formatTime(made, language)}>
          {formatAge(made, now, language)}
        </time>
      </p>
      <p>{eventWord(event, t)}</p>
      {facts.length ? <p className="muted">{facts.join(" · ")}</p> : null}
      {error ? <p className="delivery-fault">{error}</p> : null}
      {body ? (
        <details>
          <summary>{t("webhooks.body")}</summary>
          {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- so that it can be scrolled by keys */}
          <pre tabIndex={0}>{written(body)}</pre>
        </details>
      ) : null}
    </li>
  );
}

function written(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}
