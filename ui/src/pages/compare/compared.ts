import type { Run } from "../../api/types";

/** What the tabs of the page are given. */
export interface Compared {
  runs: readonly Run[];
  /** The place of the baseline in them. */
  base: number;
  styleOf: (runId: string) => number;
  /** Whether keys that do not differ are shown, too. */
  all: boolean;
  /** Whether more of a metric is better. */
  rising: (metric: string) => boolean;
}
