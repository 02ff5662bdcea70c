/** Colours for amounts: viridis, which stays even for colour-blind readers and in grey. */

const VIRIDIS = [
  "440154", "482475", "414487", "355f8d", "2a788e", "21918c", "22a884", "44bf70", "7ad151", "bddf26", "fde725",
].map((hex) => [0, 2, 4].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)) as [number, number, number]);

/** Red, green and blue of a share in [0, 1]; 0 is dark. */
export function rampBytes(share: number): [number, number, number] {
  const at = Math.min(1, Math.max(0, share)) * (VIRIDIS.length - 1);
  const low = Math.floor(at);
  const [a, b] = [VIRIDIS[low], VIRIDIS[Math.min(low + 1, VIRIDIS.length - 1)]];
  if (!a || !b) return [0, 0, 0];
  return [0, 1, 2].map((channel) => Math.round((a[channel] ?? 0) + ((b[channel] ?? 0) - (a[channel] ?? 0)) * (at - low))) as [number, number, number];
}

export const rampColor = (share: number): string => `rgb(${rampBytes(share).join(" ")})`;
