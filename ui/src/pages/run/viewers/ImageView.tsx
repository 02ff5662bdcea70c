import { useRef, useState, type PointerEvent } from "react";
import { artifactAddress } from "../../../api/server";
import { useWords } from "../../../i18n/language";
import { Icon } from "../../../parts/Icon";

const LEAST = 0.1;
const MOST = 16;
const FACTOR = 1.5;
const PIXELS_FROM = 3;

/** A picture: as large as the frame, or enlarged and moved by dragging. SVG too is only ever an image, so nothing in it runs. */
export function ImageView({ runId, path, alt }: { runId: string; path: string; alt: string }) {
  const { t } = useWords();
  const frame = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState<{ width: number; height: number } | null>(null);
  const [failed, setFailed] = useState(false);
  /** Null: fitted into the frame. */
  const [zoom, setZoom] = useState<number | null>(null);
  const drag = useRef<{ x: number; y: number } | null>(null);
  const shownZoom = () => {
    const box = frame.current;
    if (zoom !== null || !box || !size) return zoom ?? 1;
    return Math.min(1, (box.clientWidth - 32) / size.width, (box.clientHeight - 32) / size.height);
  };
  const change = (factor: number) => setZoom(Math.min(MOST, Math.max(LEAST, shownZoom() * factor)));
  const move = (event: PointerEvent) => {
    if (!drag.current || !frame.current) return;
    frame.current.scrollBy(drag.current.x - event.clientX, drag.current.y - event.clientY);
    drag.current = { x: event.clientX, y: event.clientY };
  };
  if (failed) return <p className="panel-none">{t("viewer.noImage")}</p>;
  return (
    <>
      <div className="viewer-tools">
        <div className="segments" role="group" aria-label={t("viewer.zoom")}>
          <button type="button" aria-pressed={zoom === null} onClick={() => setZoom(null)}>
            {t("viewer.fit")}
          </button>
          <button type="button" aria-pressed={zoom === 1} onClick={() => setZoom(1)}>
            100 %
          </button>
        </div>
        <button type="button" className="icon-button" aria-label={t("viewer.smaller")} title={t("viewer.smaller")} onClick={() => change(1 / FACTOR)}>
          <Icon name="minus" />
        </button>
        <button type="button" className="icon-button" aria-label={t("viewer.larger")} title={t("viewer.larger")} onClick={() => change(FACTOR)}>
          <Icon name="plus" />
        </button>
        {zoom === null ? null : <output className="muted">{Math.round(zoom * 100)} %</output>}
        {size ? (
          <span className="muted viewer-size">
            {size.width} × {size.height} px
          </span>
        ) : null}
      </div>
      <div
        className={zoom === null ? "preview-image" : "preview-image preview-image-free"}
        ref={frame}
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it is scrolled by keys, and moved by the pointer beside that
        tabIndex={0}
        role="group"
        aria-label={alt}
        onPointerDown={(event) => {
          if (zoom === null) return;
          drag.current = { x: event.clientX, y: event.clientY };
          event.currentTarget.setPointerCapture(event.pointerId);
        }}
        onPointerMove={move}
        onPointerUp={() => (drag.current = null)}
      >
        <img
          src={artifactAddress(runId, path)}
          alt={alt}
          draggable={false}
          style={zoom === null || !size ? undefined : { width: size.width * zoom, imageRendering: zoom >= PIXELS_FROM ? "pixelated" : "auto" }}
          onLoad={(event) => setSize({ width: event.currentTarget.naturalWidth, height: event.currentTarget.naturalHeight })}
          onError={() => setFailed(true)}
        />
      </div>
    </>
  );
}
