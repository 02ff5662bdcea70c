import { useEffect, useMemo, useRef, type MouseEvent } from "react";
import { writeLines, type LineRange } from "../../../data/linerange";
import { useWords } from "../../../i18n/language";

/** Lines that are laid out together; those out of sight are skipped by the browser. */
const BLOCK = 200;
const LINE_PX = 20;

interface LinesProps {
  text: string;
  label: string;
  wrap: boolean;
  /** Lines that the address points at. */
  range?: LineRange | null;
  onRange?: (range: LineRange) => void;
}

/** A text with numbered lines; a click on a number points at the line, with Shift at all from there. */
export function Lines({ text, label, wrap, range = null, onRange }: LinesProps) {
  const { t } = useWords();
  const root = useRef<HTMLDivElement>(null);
  const blocks = useMemo(() => {
    const lines = (text.endsWith("\n") ? text.slice(0, -1) : text).split(/\r?\n/);
    return Array.from({ length: Math.ceil(lines.length / BLOCK) }, (_, index) => lines.slice(index * BLOCK, (index + 1) * BLOCK));
  }, [text]);
  const target = range?.first;
  const clicked = useRef<number | null>(null);
  useEffect(() => {
    if (target === undefined || target === clicked.current) return;
    root.current?.querySelector(`[data-line="${target}"]`)?.scrollIntoView({ block: "center" });
  }, [target, blocks]);
  const point = (event: MouseEvent) => {
    const link = (event.target as Element).closest<HTMLElement>("[data-line]");
    if (!link || !onRange) return;
    event.preventDefault();
    const line = Number(link.dataset.line);
    const from = event.shiftKey && range ? range.first : line;
    clicked.current = Math.min(from, line);
    onRange({ first: Math.min(from, line), last: Math.max(from, line) });
  };
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex, jsx-a11y/no-noninteractive-element-interactions, jsx-a11y/click-events-have-key-events -- it is scrolled by keys; the clicks are those of the links in it
    <div className={wrap ? "lines lines-wrap" : "lines"} ref={root} tabIndex={0} role="group" aria-label={label} onClick={point}>
      {blocks.map((lines, block) => (
        // oxlint-disable-next-line react/no-array-index-key -- blocks stand in their order
        <div key={block} className="lines-block" style={{ containIntrinsicBlockSize: `auto ${lines.length * LINE_PX}px` }}>
          {lines.map((line, index) => {
            const number = block * BLOCK + index + 1;
            const chosen = range !== null && number >= range.first && number <= range.last;
            return (
              <div key={number} className={chosen ? "line line-chosen" : "line"}>
                <a
                  data-line={number}
                  href={writeLines({ first: number, last: number })}
                  tabIndex={-1}
                  aria-label={t("viewer.line", { n: number })}
                />
                <code>{line}</code>
              </div>
            );
          })}
        </div>
      ))}
    </div>
  );
}
