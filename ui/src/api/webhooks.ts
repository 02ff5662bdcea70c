/** The routes of webhooks: addresses that are told of events. */
import { deleteJson, getJson, patchJson, postJson } from "./http";
import type { Webhook, WebhookFields } from "./types";

export interface TestResult {
  success?: boolean;
  response_status?: number;
  response_body?: string;
  error_message?: string;
}

export interface Delivery {
  id: number;
  delivery_id: string;
  event: string;
  state: "waiting" | "delivered" | "failed";
  attempts?: number;
  creation_timestamp: number;
  last_timestamp?: number;
  next_timestamp?: number;
  response_status?: number;
  error?: string;
  body?: string;
}

const NATIVE = "api/clew/v1/webhooks";
const MLFLOW = "ajax-api/2.0/mlflow/webhooks";
const MOST = 1000;

export async function listWebhooks(signal?: AbortSignal): Promise<Webhook[]> {
  return (await getJson<{ webhooks?: Webhook[] }>(NATIVE, { max_results: String(MOST) }, signal)).webhooks ?? [];
}

export const addWebhook = (fields: Partial<WebhookFields>) => postJson(NATIVE, fields);
export const changeWebhook = (id: string, fields: Partial<WebhookFields>) =>
  patchJson(`${NATIVE}/${encodeURIComponent(id)}`, fields);
export const deleteWebhook = (id: string) => deleteJson(`${MLFLOW}/${encodeURIComponent(id)}`);

/** Sends an example of the webhook's first event, now and once. */
export async function testWebhook(id: string): Promise<TestResult> {
  return (await postJson<{ result?: TestResult }>(`${MLFLOW}/${encodeURIComponent(id)}/test`, {})).result ?? {};
}

/** The newest first. */
export async function listDeliveries(id: string, most: number, signal?: AbortSignal): Promise<Delivery[]> {
  const path = `${NATIVE}/${encodeURIComponent(id)}/deliveries`;
  return (await getJson<{ deliveries?: Delivery[] }>(path, { max_results: String(most) }, signal)).deliveries ?? [];
}
