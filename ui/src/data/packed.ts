/** Series as they travel packed: base64 of little-endian numbers. */
import type { PackedSeries } from "../api/types";

/** One run's points of one metric over the axis that was asked for. Times are seconds. */
export interface RunSeries {
  runId: string;
  key: string;
  xs: Float64Array;
  values: Float64Array;
  /** Points in the range before any were left out. */
  total: number;
}

function bytesOf(text: string): DataView {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < binary.length; index += 1) bytes[index] = binary.charCodeAt(index);
  return new DataView(bytes.buffer);
}

/** A packed series; `perUnit` divides x: 1000 makes seconds of milliseconds. */
export function unpack(series: PackedSeries, perUnit: number): RunSeries {
  const x = bytesOf(series.x ?? "");
  const y = bytesOf(series.packed ?? "");
  const count = Math.min(x.byteLength / 8, y.byteLength / 4);
  return {
    runId: series.run_id,
    key: series.key,
    xs: Float64Array.from({ length: count }, (_, index) => x.getFloat64(8 * index, true) / perUnit),
    values: Float64Array.from({ length: count }, (_, index) => y.getFloat32(4 * index, true)),
    total: series.total ?? count,
  };
}
