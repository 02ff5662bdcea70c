import { useEffect, useState } from "react";
import { useWords } from "../i18n/language";
import { writeClipboard } from "./clipboard";
import { Icon } from "./Icon";

const SHOWN_MS = 1500;

/** Copies a text and says so for a moment. */
export function CopyButton({ text, label, small = false }: { text: string; label: string; small?: boolean }) {
  const { t } = useWords();
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = async () => {
    await writeClipboard(text);
    setCopied(true);
  };
  const shown = copied ? t("copy.done") : label;
  return (
    <button type="button" className={small ? "icon-button" : "button"} title={shown} aria-label={shown} onClick={copy}>
      <Icon name={copied ? "check" : "copy"} />
      {small ? null : <span aria-live="polite">{copied ? t("copy.done") : t("copy")}</span>}
    </button>
  );
}
