import { memo, useEffect, useMemo, useRef, useState, type MouseEvent } from "react";
import { colored, type Language, type Piece } from "../../../data/codecolor";
import { writeLines, type LineRange } from "../../../data/linerange";
import { useWords } from "../../../i18n/language";
import { CodeText } from "./CodeText";

/** Lines that are laid out together; those out of sight are skipped by the browser. */
const BLOCK = 200;
const LINE_PX = 20;

interface LinesProps {
  text: string;
  label: string;
  wrap: boolean;
  /** Null: not coloured. */
  language?: Language | null;
  /** Lines that the address points at. */
  range?: LineRange | null;
  onRange?: (range: LineRange) => void;
}

/** A text with numbered lines; a click on a number points at the line, with Shift at all from there. */
export function Lines({ text, label, wrap, language = null, range = null, onRange }: LinesProps) {
  const root = useRef<HTMLDivElement>(null);
  const blocks = useMemo(() => {
    const body = text.endsWith("\n") ? text.slice(0, -1) : text;
    const lines: Content[] = language ? colored(body, language) : body.split(/\r?\n/);
    return Array.from({ length: Math.ceil(lines.length / BLOCK) }, (_, index) => lines.slice(index * BLOCK, (index + 1) * BLOCK));
  }, [text, language]);
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
        <BlockOfLines key={block} lines={lines} first={block * BLOCK + 1} {...chosenIn(range, block * BLOCK + 1, lines.length)} />
      ))}
    </div>
  );
}

/** A line as it is written, or in pieces. */
type Content = string | readonly Piece[];

/** The chosen lines of a block; the same for all blocks without any, so that they are not drawn anew. */
function chosenIn(range: LineRange | null, first: number, count: number): { from: number; to: number } {
  if (!range || range.last < first || range.first >= first + count) return { from: 0, to: 0 };
  return { from: range.first, to: range.last };
}

interface BlockProps {
  lines: readonly Content[];
  /** The number of its first line. */
  first: number;
  /** The chosen lines; 0 for none. */
  from: number;
  to: number;
}

/** Lines that are coloured once they are near to what is seen: pieces are many elements. */
const BlockOfLines = memo(function BlockOfLines({ lines, first, from, to }: BlockProps) {
  const { t } = useWords();
  const root = useRef<HTMLDivElement>(null);
  const [near, setNear] = useState(false);
  useEffect(() => {
    const element = root.current;
    if (!element || near) return;
    const watcher = new IntersectionObserver(([entry]) => setNear(entry?.isIntersecting ?? false), {
      root: element.parentElement,
      rootMargin: "100% 0px",
    });
    watcher.observe(element);
    return () => watcher.disconnect();
  }, [near]);
  return (
    <div ref={root} className="lines-block" style={{ containIntrinsicBlockSize: `auto ${lines.length * LINE_PX}px` }}>
      {lines.map((line, index) => {
        const number = first + index;
        return (
          <div key={number} className={number >= from && number <= to ? "line line-chosen" : "line"}>
            <a data-line={number} href={writeLines({ first: number, last: number })} tabIndex={-1} aria-label={t("viewer.line", { n: number })} />
            <code>{typeof line === "string" ? line : near ? <CodeText pieces={line} /> : line.map((piece) => piece.text).join("")}</code>
          </div>
        );
      })}
    </div>
  );
});
