import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "wouter";
import * as approvals from "../../api/approvals";
import { formatAge, formatTime } from "../../data/format";
import { versionAddress } from "../../data/registry";
import { useWords } from "../../i18n/language";
import { Drawer } from "../../parts/Drawer";
import { Icon } from "../../parts/Icon";
import { useNow } from "../../parts/Now";
import { Panel } from "../run/Panel";
import { AliasChip } from "./AliasChip";
import { requestsQuery } from "./queries";
import { StageBadge } from "./StageBadge";
import { useRegistryActions } from "./useRegistryActions";

const MAX_NOTE = 5000;
const MAX_NAME = 200;
/** Who decided last on this machine; names are advisory. */
const NAME_KEY = "clew.approver";

type Verb = "approve" | "reject";

/** The moves of a model that wait for consent; nothing where none does. */
export function Requests({ name }: { name: string }) {
  const { t } = useWords();
  const [deciding, setDeciding] = useState<{ request: approvals.MoveRequest; verb: Verb } | null>(null);
  const actions = useRegistryActions();
  const requests = useQuery(requestsQuery(name));
  if (!requests.data?.length) return null;
  return (
    <Panel title={t("models.requests")} count={requests.data.length}>
      <ol className="moves">
        {requests.data.map((request) => (
          <Item key={request.id} request={request} onDecide={(verb) => setDeciding({ request, verb })} />
        ))}
      </ol>
      {deciding ? (
        <Decision
          {...deciding}
          onClose={() => setDeciding(null)}
          onDecide={(user, note) => {
            setDeciding(null);
            void actions.attempt(() => approvals.decide(deciding.request.id, deciding.verb, user, note));
          }}
        />
      ) : null}
    </Panel>
  );
}

function Item({ request, onDecide }: { request: approvals.MoveRequest; onDecide: (verb: Verb) => void }) {
  const { t, language } = useWords();
  const now = useNow();
  const { name, version, stage, alias, user, timestamp, reason, needed, gate, approvals: given = [] } = request;
  return (
    <li>
      <span className="move-icon">
        <Icon name="flag" />
      </span>
      <div>
        <p className="move-what">
          <Link href={versionAddress(name, version)}>{t("models.version", { version })}</Link>
          <Icon name="right" />
          {stage ? <StageBadge stage={stage} /> : <AliasChip name={name} alias={alias ?? ""} />}
        </p>
        {reason ? <p className="move-why">{reason}</p> : null}
        {gate ? (
          <p className="move-who">
            {t("models.gate")} <code>{gate}</code>
          </p>
        ) : null}
        <p className="move-who">
          <time title={formatTime(timestamp, language)}>{formatAge(timestamp, now, language)}</time>
          {" · "}
          {user || t("models.nobody")}
          {" · "}
          {t("models.approvals", { n: given.length, needed })}
          {given.length ? `: ${given.map((one) => one.user).join(", ")}` : null}
        </p>
        <p className="move-decide">
          <button type="button" className="button" onClick={() => onDecide("approve")}>
            <Icon name="check" />
            {t("models.approve")}
          </button>
          <button type="button" className="button" onClick={() => onDecide("reject")}>
            <Icon name="close" />
            {t("models.reject")}
          </button>
        </p>
      </div>
    </li>
  );
}

interface DecisionProps {
  request: approvals.MoveRequest;
  verb: Verb;
  onClose: () => void;
  onDecide: (user: string, note: string) => void;
}

/** Asks in whose name, and why; both stay in the history. */
function Decision({ request, verb, onClose, onDecide }: DecisionProps) {
  const { t } = useWords();
  const [user, setUser] = useState(() => localStorage.getItem(NAME_KEY) ?? "");
  const [note, setNote] = useState("");
  const target = request.stage ?? `@${request.alias ?? ""}`;
  return (
    <Drawer
      title={t(verb === "approve" ? "models.approve.title" : "models.reject.title", { version: request.version, target })}
      place="middle"
      onClose={onClose}
    >
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          localStorage.setItem(NAME_KEY, user.trim());
          onDecide(user.trim(), note.trim());
        }}
      >
        <label>
          {t("models.approver")}
          <input
            data-first
            type="text"
            required
            pattern=".*\S.*"
            maxLength={MAX_NAME}
            value={user}
            onChange={(event) => setUser(event.target.value)}
          />
        </label>
        <label>
          {t("models.reason")}
          <textarea rows={3} maxLength={MAX_NOTE} value={note} onChange={(event) => setNote(event.target.value)} />
        </label>
        <div className="form-end">
          <button type="button" className="button" onClick={onClose}>
            {t("cancel")}
          </button>
          <button type="submit" className="button button-strong">
            {t(verb === "approve" ? "models.approve" : "models.reject")}
          </button>
        </div>
      </form>
    </Drawer>
  );
}
