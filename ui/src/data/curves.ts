/** Small curves of metrics: those of the runs on screen are asked for together, a moment after the reader stops scrolling. */
import type { WireSeries } from "../api/types";

export const CURVE_WIDTH = 64;
export const CURVE_HEIGHT = 16;
export const CURVE_POINTS = 48;
const PAD = 1.5;
const PAUSE_MS = 120;
const RUNS_AT_ONCE = 100;
/** After which the curve of a run that goes on is asked for again. */
const FRESH_MS = 10_000;

export type FetchCurves = (runIds: string[], keys: string[], signal: AbortSignal) => Promise<WireSeries[]>;

interface Curve {
  path: string;
  asked: number;
  /** Whether its run had ended when it was asked for. */
  final: boolean;
}

export class Curves {
  private readonly curves = new Map<string, Curve>();
  private readonly abort = new AbortController();
  private wanted = new Map<string, boolean>();
  private keys: readonly string[] = [];
  private timer = 0;

  constructor(
    private readonly fetchCurves: FetchCurves,
    private readonly onChange: () => void,
  ) {}

  close(): void {
    this.abort.abort();
    clearTimeout(this.timer);
  }

  /** The path of a curve; empty where there is none, or where it is not here yet. */
  path(runId: string, key: string): string {
    return this.curves.get(`${runId} ${key}`)?.path ?? "";
  }

  /** Says which runs are on screen; `ended`: whether each goes on no more. */
  want(runs: ReadonlyMap<string, boolean>, keys: readonly string[]): void {
    this.wanted = new Map(runs);
    this.keys = keys;
    clearTimeout(this.timer);
    if (keys.length && !this.abort.signal.aborted) this.timer = setTimeout(() => void this.ask(), PAUSE_MS) as unknown as number;
  }

  private async ask(): Promise<void> {
    const now = Date.now();
    const keys = [...this.keys];
    const runs = [...this.wanted].filter(([run, ended]) => keys.some((key) => this.stale(run, key, ended, now))).slice(0, RUNS_AT_ONCE);
    if (!runs.length) return;
    for (const [run, final] of runs) {
      for (const key of keys) {
        const name = `${run} ${key}`;
        this.curves.set(name, { path: this.curves.get(name)?.path ?? "", asked: now, final });
      }
    }
    try {
      const found = await this.fetchCurves(runs.map(([run]) => run), keys, this.abort.signal);
      for (const series of found) {
        const curve = this.curves.get(`${series.run_id} ${series.key}`);
        if (curve) curve.path = curvePath(unpack(series.x, 8), unpack(series.packed, 4));
      }
    } catch {
      // Decoration: it is asked for again when the reader scrolls or the table changes.
      for (const [run] of runs) for (const key of keys) this.curves.delete(`${run} ${key}`);
      return;
    }
    if (!this.abort.signal.aborted) this.onChange();
  }

  private stale(run: string, key: string, ended: boolean, now: number): boolean {
    const curve = this.curves.get(`${run} ${key}`);
    if (!curve) return true;
    return !curve.final && (ended || now - curve.asked > FRESH_MS);
  }
}

/** Numbers from base64 of little-endian floats of 4 or 8 bytes. */
export function unpack(text: string | undefined, size: 4 | 8): number[] {
  if (!text) return [];
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  return Array.from({ length: bytes.length / size }, (_, index) =>
    size === 8 ? view.getFloat64(index * 8, true) : view.getFloat32(index * 4, true),
  );
}

/** A drawing's size in its own units, and the rim that a curve leaves free. */
export interface Canvas {
  width: number;
  height: number;
  pad: number;
}

const CELL: Canvas = { width: CURVE_WIDTH, height: CURVE_HEIGHT, pad: PAD };

/** The path of a curve scaled to the drawing; empty with fewer than two finite points. Breaks at what is not finite. */
export function curvePath(xs: readonly number[], values: readonly number[], { width, height, pad }: Canvas = CELL): string {
  const finite = values.filter(Number.isFinite);
  if (finite.length < 2) return "";
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  const [left, right] = [xs[0] ?? 0, xs.at(-1) ?? 1];
  const place = (value: number, from: number, to: number, size: number) =>
    to > from ? pad + ((value - from) / (to - from)) * (size - 2 * pad) : size / 2;
  let pen = "M";
  let path = "";
  for (const [index, value] of values.entries()) {
    if (!Number.isFinite(value)) {
      pen = "M";
      continue;
    }
    const x = place(xs[index] ?? 0, left, right, width);
    const y = height - place(value, low, high, height);
    path += `${pen}${x.toFixed(1)} ${y.toFixed(1)}`;
    pen = "L";
  }
  return path;
}
