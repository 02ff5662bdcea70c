import { useEffect, useRef } from "react";
import { hover } from "../data/hover";
import type { RunLine } from "../data/lines";
import type { LineFrame } from "./lineframe";
import { LineFocus } from "./linefocus";
import type { Colors } from "./useColors";

/** What the pointer of this chart is on. */
export interface Own {
  x: number | null;
  id: string | null;
}

interface FocusLayerProps {
  frame: LineFrame;
  lines: readonly RunLine[];
  colors: Colors;
  styleOf: (id: string) => number;
  /** Charts with the same name share the pointer's x. */
  axis: string;
  /** Null while the pointer is elsewhere: then the layer follows the charts that it is on. */
  own: Own | null;
}

const NOWHERE = [undefined, undefined] as const;

/** The upright line, the curve that stands out and its point, over the curves; they are dimmed meanwhile. */
export function FocusLayer({ frame, lines, colors, styleOf, axis, own }: FocusLayerProps) {
  const root = useRef<HTMLDivElement>(null);
  const drawing = useRef<SVGSVGElement>(null);
  const curve = useRef<SVGPathElement>(null);
  const dots = useRef<SVGPathElement>(null);
  const cross = useRef<HTMLElement>(null);
  const dot = useRef<HTMLElement>(null);
  const latest = useRef(own);
  latest.current = own;
  const follow = useRef(() => {});

  useEffect(() => {
    const place = root.current;
    if (!place || !drawing.current || !curve.current || !dots.current || !cross.current || !dot.current) return;
    const parts = { drawing: drawing.current, curve: curve.current, dots: dots.current, cross: cross.current, dot: dot.current };
    const focus = new LineFocus(parts, frame, lines, { colors, styleOf });
    let frameId = 0;
    let seen = true;
    const show = () => {
      frameId = 0;
      const here = latest.current;
      const { axis: told, x } = hover.get();
      place.classList.toggle("focus-lit", focus.light(here ? here.id : hover.lit()));
      focus.at(here ? here.x : told === axis ? x : null);
    };
    const soon = () => {
      if (seen) frameId ||= requestAnimationFrame(show);
    };
    const watcher = new IntersectionObserver(([entry]) => {
      seen = entry?.isIntersecting ?? false;
      soon();
    });
    watcher.observe(place);
    follow.current = soon;
    const stops = [hover.subscribe(soon), hover.subscribeLit(soon)];
    show();
    return () => {
      cancelAnimationFrame(frameId);
      watcher.disconnect();
      for (const stop of stops) stop();
    };
  }, [frame, lines, colors, styleOf, axis]);

  const [x, id] = own ? [own.x, own.id] : NOWHERE;
  useEffect(() => follow.current(), [x, id]);

  return (
    <div ref={root} className="focus" aria-hidden="true">
      <svg ref={drawing} className="focus-curve">
        <path ref={curve} />
        <path ref={dots} className="focus-points" />
      </svg>
      <i ref={cross} className="focus-cross" hidden />
      <i ref={dot} className="focus-dot" hidden />
    </div>
  );
}
