import { useWords, type MessageKey } from "../i18n/language";
import { Icon } from "./Icon";
import type { IconName } from "./icons";

/** How a run's status is drawn; the text always stands beside the picture. */
export const STATUS: Record<string, { icon: IconName; tone: string; word: MessageKey }> = {
  FINISHED: { icon: "done", tone: "ok", word: "status.finished" },
  RUNNING: { icon: "running", tone: "run", word: "status.running" },
  FAILED: { icon: "failed", tone: "bad", word: "status.failed" },
  KILLED: { icon: "killed", tone: "warn", word: "status.killed" },
  SCHEDULED: { icon: "scheduled", tone: "muted", word: "status.scheduled" },
};

export function StatusBadge({ status }: { status: string }) {
  const { t } = useWords();
  const look = STATUS[status];
  if (!look) return <span className="badge">{status}</span>;
  return (
    <span className={`badge tone-${look.tone}`}>
      <Icon name={look.icon} />
      {t(look.word)}
    </span>
  );
}
