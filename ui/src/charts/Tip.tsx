import { useLayoutEffect, useRef, type ReactNode } from "react";
import { useWords } from "../i18n/language";

const GAP = 14;
const EDGE = 6;

interface TipProps {
  /** Of the point that it tells about, in the chart. */
  left: number;
  top: number;
  pinned?: boolean;
  onClose?: () => void;
  children: ReactNode;
}

/** A small box beside a point of a chart, on the side that has room; never beyond the window. */
export function Tip({ left, top, pinned = false, onClose, children }: TipProps) {
  const { t } = useWords();
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const element = box.current;
    const chart = element?.parentElement?.getBoundingClientRect();
    if (!element || !chart) return;
    const { offsetWidth: wide, offsetHeight: tall } = element;
    const [x, y] = [chart.left + left, chart.top + top];
    const right = x + GAP + wide <= window.innerWidth - EDGE;
    const across = right ? x + GAP : x - GAP - wide;
    const down = Math.min(y - GAP, window.innerHeight - EDGE - tall);
    element.style.left = `${Math.max(EDGE, across)}px`;
    element.style.top = `${Math.max(EDGE, down)}px`;
  });
  return (
    <div ref={box} className={pinned ? "tip tip-pinned" : "tip"}>
      {children}
      {pinned ? (
        <button type="button" className="tip-close" onClick={onClose}>
          {t("close")} <kbd>Esc</kbd>
        </button>
      ) : null}
    </div>
  );
}
