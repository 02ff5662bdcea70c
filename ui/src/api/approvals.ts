/** Moves in the registry that wait for somebody's consent. */
import { getJson, postAs } from "./http";
import type { ModelStage } from "./types";

export interface MoveRequest {
  id: number;
  name: string;
  version: string;
  /** The stage or alias that the version is to get; one of the two. */
  stage?: ModelStage;
  alias?: string;
  /** Who asked; empty for a client that sends no name. */
  user?: string;
  timestamp: number;
  reason?: string;
  needed: number;
  /** What the version's run or model must fulfil. */
  gate?: string;
  approvals?: { user: string; timestamp: number; note?: string }[];
}

const MOST = 100;

export async function listRequests(name: string, signal?: AbortSignal): Promise<MoveRequest[]> {
  const query = { name, state: "pending", max_results: String(MOST) };
  return (await getJson<{ requests?: MoveRequest[] }>("api/clew/v1/move-requests", query, signal)).requests ?? [];
}

/** Decides in somebody's name. */
export const decide = (id: number, verb: "approve" | "reject", user: string, note: string) =>
  postAs(user, `api/clew/v1/move-requests/${id}/${verb}`, { note });
