import { useEffect, useLayoutEffect, useRef, useState, type RefObject } from "react";

export interface Size {
  width: number;
  height: number;
}

/** Draws into a canvas whose units are CSS pixels. */
export type Paint = (pen: CanvasRenderingContext2D, size: Size) => void;

const NO_SIZE: Size = { width: 0, height: 0 };

/** The size of an element, in whole pixels. */
export function useSize(root: RefObject<HTMLElement | null>): Size {
  const [size, setSize] = useState(NO_SIZE);
  useLayoutEffect(() => {
    const element = root.current;
    if (!element) return;
    const read = () => {
      const [width, height] = [Math.floor(element.clientWidth), Math.floor(element.clientHeight)];
      setSize((was) => (was.width === width && was.height === height ? was : { width, height }));
    };
    read();
    const watcher = new ResizeObserver(read);
    watcher.observe(element);
    return () => watcher.disconnect();
  }, [root]);
  return size;
}

/** A canvas of a size; painted anew, once a frame at most, when `paint` is another function. */
export function Layer({ size, paint, className }: { size: Size; paint: Paint; className?: string }) {
  const root = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const canvas = root.current;
    const pen = canvas?.getContext("2d");
    if (!canvas || !pen || size.width <= 0 || size.height <= 0) return;
    const frame = requestAnimationFrame(() => {
      const ratio = window.devicePixelRatio || 1;
      const [width, height] = [Math.round(size.width * ratio), Math.round(size.height * ratio)];
      if (canvas.width !== width || canvas.height !== height) {
        canvas.width = width;
        canvas.height = height;
      }
      pen.setTransform(ratio, 0, 0, ratio, 0, 0);
      pen.clearRect(0, 0, size.width, size.height);
      paint(pen, size);
    });
    return () => cancelAnimationFrame(frame);
  }, [size, paint]);
  return <canvas ref={root} className={className ?? "layer"} style={{ width: size.width, height: size.height }} aria-hidden="true" />;
}
