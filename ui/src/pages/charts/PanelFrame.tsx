import { memo, useCallback, useEffect, useRef, useState, type RefObject, type PointerEvent as ReactPointerEvent } from "react";
import { labelOf } from "../../data/dimension";
import { sizeOf, type PanelKind, type PanelSpec } from "../../data/panels";
import { toasts } from "../../data/toasts";
import { moved, nextIdOf, withoutPanel, withPanel, withTweak, type Tweak } from "../../data/workspace";
import { useWords } from "../../i18n/language";
import { Icon } from "../../parts/Icon";
import { writeClipboard } from "../../parts/clipboard";
import type { MenuSection } from "../../parts/PopMenu";
import { Region } from "../../parts/Region";
import { MenuButton } from "../../parts/ToolButton";
import { codeOf } from "./code";
import type { BodyProps, Shared, TableData } from "./model";
import { PanelBody } from "./PanelBody";
import { savePng, saveCsv } from "./saving";
import { SheetDialog } from "./SheetDialog";
import type { ChangeWorkspace } from "./useWorkspace";
import { KIND_WORDS } from "./words";

const ROW = 40;
const LEAST_W = 2;
const LEAST_H = 4;
const MOST_H = 30;
const NO_TWEAK: Tweak = {};
/** Kinds that are laid out by the page instead of drawn. */
const UNDRAWN: readonly PanelKind[] = ["importance", "bar", "media"];

interface FrameProps {
  spec: PanelSpec;
  shared: Shared;
  change: ChangeWorkspace;
  /** The ids of its section's panels, in order. */
  section: readonly string[];
  /** Panels beside each other when nobody chose. */
  columns: number;
  root: RefObject<HTMLElement | null>;
  onSettings: (spec: PanelSpec) => void;
}

/** Whether a panel is within about a screen of being seen. */
function useNear(root: RefObject<HTMLElement | null>) {
  const element = useRef<HTMLElement>(null);
  const [near, setNear] = useState(false);
  useEffect(() => {
    if (!element.current) return;
    const watcher = new IntersectionObserver(([entry]) => setNear(entry?.isIntersecting ?? false), {
      root: root.current,
      rootMargin: "100% 0px",
    });
    watcher.observe(element.current);
    return () => watcher.disconnect();
  }, [root]);
  return { element, near };
}

/** A panel with its title and menu, which is drawn only when it is near to what is seen. */
export const PanelFrame = memo(function PanelFrame({ spec, shared, change, section, columns, root, onSettings }: FrameProps) {
  const { t } = useWords();
  const { workspace } = shared;
  const tweak = workspace.tweaks[spec.id] ?? NO_TWEAK;
  const standard = sizeOf(spec.kind, columns);
  const [w, h] = [tweak.w ?? standard.w, tweak.h ?? standard.h];
  const { element, near } = useNear(root);
  const [asTable, setAsTable] = useState(false);
  const [full, setFull] = useState(false);
  const [over, setOver] = useState(false);
  const [title, setTitle] = useState("");
  const data = useRef<(() => TableData) | null>(null);
  const keepData = useCallback((make: () => TableData) => (data.current = make), []);
  const name = spec.kind === "lines" ? labelOf(spec.fields.metric?.[0] ?? "") : title || t(KIND_WORDS[spec.kind]);
  const at = section.indexOf(spec.id);
  const resize = useCallback(
    (width: number, height: number) =>
      change((now) =>
        withTweak(now, spec.id, {
          w: Math.min(12, Math.max(LEAST_W, width)),
          h: Math.min(MOST_H, Math.max(LEAST_H, height)),
        }),
      ),
    [change, spec.id],
  );
  const move = (target: string | undefined) => {
    if (target !== undefined) change((now) => moved(now, section, spec.id, target));
  };
  const copyCode = async () => {
    await writeClipboard(codeOf(spec, shared));
    toasts.show(t("panel.code.done"));
  };
  const own = tweak.log !== undefined || tweak.trim !== undefined || tweak.axis !== undefined || tweak.smoothing !== undefined;

  const sections: MenuSection[] = [
    {
      id: "look",
      actions: [
        { id: "settings", label: t("panel.settings"), run: () => onSettings(spec) },
        { id: "full", label: t("panel.full"), run: () => setFull(true) },
        { id: "table", label: asTable ? t("panel.asChart") : t("panel.asTable"), run: () => setAsTable(!asTable) },
      ],
    },
    {
      id: "place",
      actions: [
        ...(at > 0 ? [{ id: "before", label: t("panel.before"), run: () => move(section[at - 1]) }] : []),
        ...(at < section.length - 1 ? [{ id: "after", label: t("panel.after"), run: () => move(section[at + 1]) }] : []),
        { id: "wider", label: t("panel.wider"), run: () => resize(w + 1, h) },
        { id: "narrower", label: t("panel.narrower"), run: () => resize(w - 1, h) },
        { id: "taller", label: t("panel.taller"), run: () => resize(w, h + 1) },
        { id: "shorter", label: t("panel.shorter"), run: () => resize(w, h - 1) },
      ],
    },
    {
      id: "take",
      actions: [
        { id: "copy", label: t("panel.copy"), run: () => change((now) => withPanel(now, { ...spec, id: nextIdOf(now) })) },
        ...(UNDRAWN.includes(spec.kind)
          ? []
          : [{ id: "png", label: t("panel.png"), run: () => element.current && savePng(name, element.current.querySelector<HTMLElement>(".panel-inside") ?? element.current) }]),
        { id: "csv", label: t("panel.csv"), run: () => data.current && saveCsv(name, data.current()) },
        { id: "code", label: t("panel.code"), run: () => void copyCode() },
      ],
    },
    {
      id: "away",
      actions: [{ id: "remove", label: t("panel.remove"), run: () => change((now) => withoutPanel(now, spec.id)) }],
    },
  ];
  const body: BodyProps = { spec, tweak, shared, asTable, onData: keepData, onTitle: setTitle };
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- panels are dropped on it; the menu moves them by keys
    <article
      ref={element}
      className={over ? "chart-box chart-box-over" : "chart-box"}
      style={{ gridColumn: `span ${w}`, gridRow: `span ${h}` }}
      aria-label={name}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        const id = event.dataTransfer.getData("text/x-clew-panel");
        if (id) change((now) => moved(now, section, id, spec.id));
      }}
    >
      <header
        draggable
        onDragStart={(event) => {
          event.dataTransfer.setData("text/x-clew-panel", spec.id);
          event.dataTransfer.effectAllowed = "move";
        }}
      >
        <h3 title={name}>{name}</h3>
        {own ? (
          <button
            type="button"
            className="own-mark"
            title={t("panel.own")}
            onClick={() => change((now) => withTweak(now, spec.id, { log: undefined, trim: undefined, axis: undefined, smoothing: undefined }))}
          >
            {t("panel.own.short")}
          </button>
        ) : null}
        <button type="button" className="icon-button" aria-label={t("panel.fullOf", { name })} title={t("panel.full")} onClick={() => setFull(true)}>
          <Icon name="expand" />
        </button>
        <MenuButton bare icon="more" label={t("panel.menu", { name })} sections={sections} />
      </header>
      <div className="panel-inside">
        <Region name={`${spec.id}${spec.kind}`}>{near && !full ? <PanelBody {...body} /> : null}</Region>
      </div>
      <ResizeCorner w={w} h={h} element={element} onResize={resize} label={t("panel.resize")} />
      {full ? (
        <SheetDialog title={name} onClose={() => setFull(false)}>
          <div className="panel-inside">
            <PanelBody {...body} />
          </div>
        </SheetDialog>
      ) : null}
    </article>
  );
});

interface CornerProps {
  w: number;
  h: number;
  element: RefObject<HTMLElement | null>;
  onResize: (w: number, h: number) => void;
  label: string;
}

/** The corner that is dragged; the menu does the same by keys. */
function ResizeCorner({ w, h, element, onResize, label }: CornerProps) {
  const start = useRef<{ x: number; y: number; w: number; h: number; unit: number } | null>(null);
  const down = (event: ReactPointerEvent) => {
    const width = element.current?.offsetWidth ?? 0;
    start.current = { x: event.clientX, y: event.clientY, w, h, unit: width / w };
    event.currentTarget.setPointerCapture(event.pointerId);
    event.preventDefault();
  };
  const move = (event: ReactPointerEvent) => {
    const from = start.current;
    if (!from || from.unit <= 0) return;
    const width = Math.round(from.w + (event.clientX - from.x) / from.unit);
    const height = Math.round(from.h + (event.clientY - from.y) / ROW);
    if (width !== w || height !== h) onResize(width, height);
  };
  return <span className="chart-corner" title={label} aria-hidden="true" onPointerDown={down} onPointerMove={move} onPointerUp={() => (start.current = null)} />;
}
