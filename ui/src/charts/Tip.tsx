import type { ReactNode } from "react";
import { useWords } from "../i18n/language";
import type { Size } from "./Layer";

const GAP = 14;

interface TipProps {
  /** Of the point that it tells about, in the chart. */
  left: number;
  top: number;
  size: Size;
  pinned?: boolean;
  onClose?: () => void;
  children: ReactNode;
}

/** A small box beside a point of a chart, on the side that has more room. */
export function Tip({ left, top, size, pinned = false, onClose, children }: TipProps) {
  const { t } = useWords();
  const [right, low] = [left > size.width / 2, top > size.height / 2];
  const style = {
    ...(right ? { right: size.width - left + GAP } : { left: left + GAP }),
    ...(low ? { bottom: size.height - top - GAP } : { top: top - GAP }),
  };
  return (
    <div className={pinned ? "tip tip-pinned" : "tip"} style={style}>
      {children}
      {pinned ? (
        <button type="button" className="tip-close" onClick={onClose}>
          {t("close")} <kbd>Esc</kbd>
        </button>
      ) : null}
    </div>
  );
}
