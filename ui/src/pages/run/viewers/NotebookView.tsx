import { useMemo } from "react";
import { readNotebook } from "../../../data/notebook";
import { useWords } from "../../../i18n/language";
import { withoutCodes } from "../../../data/terminal";
import { CodeBlock } from "./CodeText";
import { MarkdownText } from "./MarkdownText";

/** A notebook to read: code, texts and pictures; HTML and scripts of its outputs are left out. */
export function NotebookView({ runId, path, text }: { runId: string; path: string; text: string }) {
  const { t } = useWords();
  const cells = useMemo(() => readNotebook(text), [text]);
  if (!cells) return <p className="panel-none">{t("viewer.unreadable")}</p>;
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- so that it can be scrolled by keys
    <div className="notebook" tabIndex={0} role="group" aria-label={path}>
      {cells.map((cell, index) => (
        // oxlint-disable-next-line react/no-array-index-key -- cells stand in their order
        <section key={index} className="notebook-cell">
          <span className="muted notebook-count">{cell.kind === "code" ? `[${cell.count ?? " "}]` : ""}</span>
          <div>
            {cell.kind === "markdown" ? (
              <MarkdownText runId={runId} path={path} text={cell.source} />
            ) : (
              // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- so that it can be scrolled by keys
              <pre tabIndex={0} className="notebook-code">
                <CodeBlock text={cell.source} language={cell.kind === "code" ? "python" : null} />
              </pre>
            )}
            {cell.outputs.map((output, number) =>
              output.kind === "image" ? (
                // oxlint-disable-next-line react/no-array-index-key -- outputs stand in their order
                <img key={number} src={output.text} alt={t("viewer.output", { n: cell.count ?? index + 1 })} />
              ) : output.kind === "left" ? (
                // oxlint-disable-next-line react/no-array-index-key -- as above
                <p key={number} className="muted">
                  {t("viewer.leftOut", { types: output.text })}
                </p>
              ) : (
                // oxlint-disable-next-line react/no-array-index-key, jsx-a11y/no-noninteractive-tabindex -- as above; so that it can be scrolled by keys
                <pre key={number} tabIndex={0}>
                  {withoutCodes(output.text)}
                </pre>
              ),
            )}
          </div>
        </section>
      ))}
    </div>
  );
}
