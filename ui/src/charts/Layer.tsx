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

/**
 * A canvas of a size; painted anew, once a frame at most, when `paint` is another function and it is seen. It shows a finished picture: a canvas
 * that could still be drawn into costs at every frame of the page, whether anything in it changes or not.
 */
export function Layer({ size, paint, className }: { size: Size; paint: Paint; className?: string }) {
  const root = useRef<HTMLCanvasElement>(null);
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    if (!root.current) return;
    const watcher = new IntersectionObserver(([entry]) => setSeen(entry?.isIntersecting ?? false), { rootMargin: "100px" });
    watcher.observe(root.current);
    return () => watcher.disconnect();
  }, []);
  useEffect(() => {
    const canvas = root.current;
    const shown = canvas?.getContext("bitmaprenderer");
    if (!seen || !canvas || !shown || size.width <= 0 || size.height <= 0) return;
    const frame = requestAnimationFrame(() => {
      const ratio = window.devicePixelRatio || 1;
      const [width, height] = [Math.round(size.width * ratio), Math.round(size.height * ratio)];
      const picture = new OffscreenCanvas(width, height);
      // It draws as the one of a canvas in the page does.
      const pen = picture.getContext("2d") as unknown as CanvasRenderingContext2D | null;
      if (!pen) return;
      pen.setTransform(ratio, 0, 0, ratio, 0, 0);
      paint(pen, size);
      canvas.width = width;
      canvas.height = height;
      shown.transferFromImageBitmap(picture.transferToImageBitmap());
    });
    return () => cancelAnimationFrame(frame);
  }, [size, paint, seen]);
  return <canvas ref={root} className={className ?? "layer"} style={{ width: size.width, height: size.height }} aria-hidden="true" />;
}
