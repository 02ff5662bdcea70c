import { useEffect, useLayoutEffect, useRef, type ReactNode } from "react";
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

/** A small box beside a point of a chart, on the side that has room. */
export function Tip({ left, top, pinned = false, onClose, children }: TipProps) {
  const { t } = useWords();
  const box = useRef<HTMLDivElement>(null);
  const where = useRef<{ left: number; top: number } | null>(null);
  useEffect(() => {
    const forget = () => (where.current = null);
    window.addEventListener("scroll", forget, { capture: true, passive: true });
    return () => window.removeEventListener("scroll", forget, { capture: true });
  }, []);
  // The box is not measured: that would lay the page out at each move of the pointer. On each half it opens to the other one.
  useLayoutEffect(() => {
    const element = box.current;
    where.current ??= element?.parentElement?.getBoundingClientRect() ?? null;
    if (!element || !where.current) return;
    const [x, y] = [where.current.left + left, where.current.top + top];
    const [across, down] = [x > window.innerWidth / 2, y > window.innerHeight / 2];
    const place = `translate(${Math.max(EDGE, across ? x - GAP : x + GAP)}px, ${down ? y + GAP : y - GAP}px)`;
    element.style.transform = `${place} translate(${across ? "-100%" : "0"}, ${down ? "-100%" : "0"})`;
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
