import { useState } from "react";
import { useWords } from "../i18n/language";
import { CopyButton } from "./CopyButton";
import { Tabs } from "./Tabs";

/** Code in several dialects, one at a time, each with a copy button. */
export function Snippets({ snippets }: { snippets: readonly { id: string; label: string; code: string }[] }) {
  const { t } = useWords();
  const [selected, setSelected] = useState(snippets[0]?.id ?? "");
  const shown = snippets.find((snippet) => snippet.id === selected);
  if (!shown) return null;
  return (
    <div className="snippets">
      <div className="snippets-head">
        <Tabs label={t("snippets.label")} name="snippet" tabs={snippets} selected={selected} onSelect={setSelected} />
        <CopyButton text={shown.code} label={t("snippets.copy")} />
      </div>
      <div role="tabpanel" id="snippet-panel" aria-labelledby={`snippet-${selected}`}>
        {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- so that it can be scrolled by keys */}
        <pre lang="en" tabIndex={0}>
          <code>{shown.code}</code>
        </pre>
      </div>
    </div>
  );
}
