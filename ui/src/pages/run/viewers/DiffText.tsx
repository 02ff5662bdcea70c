import { useMemo } from "react";
import { readPatch } from "../../../data/patch";
import { useWords } from "../../../i18n/language";

/** A patch with its lines coloured; each file of it opens and closes. */
export function DiffText({ text }: { text: string }) {
  const { t } = useWords();
  const files = useMemo(() => readPatch(text), [text]);
  return (
    <div className="patch">
      {files.map((file, index) => (
        // oxlint-disable-next-line react/no-array-index-key -- files stand in their order
        <details key={index} open={index < 20}>
          <summary>
            <code>{file.name || t("viewer.patch")}</code>
            <span className="tone-ok">+{file.added}</span>
            <span className="tone-bad">−{file.removed}</span>
          </summary>
          {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- so that it can be scrolled by keys */}
          <pre className="patch-lines" tabIndex={0} aria-label={file.name}>
            {file.lines.map((line, number) => (
              // oxlint-disable-next-line react/no-array-index-key -- lines stand in their order
              <span key={number} className={`patch-${line.kind}`}>
                {line.text}
                {"\n"}
              </span>
            ))}
          </pre>
        </details>
      ))}
    </div>
  );
}
