/** Many thin lines at once: counted into pixels instead of stroked one by one. */

/** A picture of `width` × `height` device pixels, its bytes as ImageData has them. */
export interface Raster {
  width: number;
  height: number;
  bytes: Uint8ClampedArray;
}

/** Adds a line from (x0, y0) to (x1, y1), x1 > x0, in a colour mixed over what is there by `alpha` in [0, 1]. */
export function addLine(
  raster: Raster,
  x0: number,
  y0: number,
  x1: number,
  y1: number,
  color: readonly [number, number, number],
  alpha: number,
): void {
  const { width, height, bytes } = raster;
  const slope = (y1 - y0) / (x1 - x0);
  const from = Math.max(0, Math.floor(x0));
  const to = Math.min(width - 1, Math.ceil(x1));
  for (let x = from; x <= to; x += 1) {
    const start = y0 + slope * (Math.min(Math.max(x, x0), x1) - x0);
    const stop = y0 + slope * (Math.min(Math.max(x + 1, x0), x1) - x0);
    const low = Math.max(0, Math.floor(Math.min(start, stop)));
    const high = Math.min(height - 1, Math.ceil(Math.max(start, stop)));
    for (let y = low; y <= high; y += 1) {
      // How much of the pixel the line covers, from its distance to the pixel's middle.
      const middle = y + 0.5;
      const beside = Math.max(0, Math.min(start, stop) - middle, middle - Math.max(start, stop));
      const share = beside >= 1 ? 0 : 1 - beside;
      if (share <= 0) continue;
      const part = alpha * share;
      const at = 4 * (y * width + x);
      const below = (bytes[at + 3] ?? 0) / 255;
      const total = part + below * (1 - part);
      for (let channel = 0; channel < 3; channel += 1) {
        const old = bytes[at + channel] ?? 0;
        bytes[at + channel] = ((color[channel] ?? 0) * part + old * below * (1 - part)) / total;
      }
      bytes[at + 3] = 255 * total;
    }
  }
}
