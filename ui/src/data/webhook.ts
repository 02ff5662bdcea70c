/** Webhooks as the form fills them in, and what of that goes to the server. */
import type { Webhook, WebhookFields } from "../api/types";

export const CONDITION_MET = "run.condition_met";

/** The events that can be chosen, in the order of the form. */
export const EVENTS = {
  registry: [
    "registered_model.created",
    "model_version.created",
    "model_version.deleted",
    "model_version_alias.created",
    "model_version_alias.deleted",
    "model_version_stage.set",
    "model_version_tag.set",
    "model_version_tag.deleted",
  ],
  runs: ["run.finished", "run.failed", "run.killed", CONDITION_MET],
} as const;

const ORDER: readonly string[] = [...EVENTS.registry, ...EVENTS.runs];

/** Events as the form has them; those that the pages do not know come last. */
export function inOrder(events: readonly string[]): string[] {
  const place = (event: string) => (ORDER.includes(event) ? ORDER.indexOf(event) : ORDER.length);
  return events.toSorted((a, b) => place(a) - place(b));
}

const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;

export interface WebhookDraft {
  name: string;
  url: string;
  description: string;
  events: readonly string[];
  condition: string;
  experiments: readonly string[];
  /** Empty to leave it as it is. */
  secret: string;
  /** Whether the secret goes. */
  unsigned: boolean;
}

export function draftOf(webhook: Webhook | null): WebhookDraft {
  return {
    name: webhook?.name ?? "",
    url: webhook?.url ?? "",
    description: webhook?.description ?? "",
    events: webhook?.events ?? [],
    condition: webhook?.condition ?? "",
    experiments: webhook?.experiment_ids ?? [],
    secret: "",
    unsigned: false,
  };
}

export const isWebhookName = (name: string) => NAME.test(name);
export const isWebhookUrl = (url: string) => /^https?:\/\/[^\s/]/i.test(url);

/** Whether any of the events is one of runs, which experiments and a condition are about. */
export const aboutRuns = (events: readonly string[]) => events.some((event) => event.startsWith("run."));

export function isComplete({ name, url, events, condition }: WebhookDraft): boolean {
  return (
    isWebhookName(name.trim()) &&
    isWebhookUrl(url.trim()) &&
    events.length > 0 &&
    (!events.includes(CONDITION_MET) || condition.trim() !== "")
  );
}

/** What differs from the webhook as it is; all that is filled in where it is new. */
export function changesOf(before: Webhook | null, draft: WebhookDraft): Partial<WebhookFields> {
  const was = draftOf(before);
  const condition = draft.events.includes(CONDITION_MET) ? draft.condition.trim() : "";
  const experiments = aboutRuns(draft.events) ? draft.experiments : [];
  const same = (a: readonly string[], b: readonly string[]) => a.toSorted().join() === b.toSorted().join();
  return {
    ...(draft.name.trim() === was.name ? {} : { name: draft.name.trim() }),
    ...(draft.url.trim() === was.url ? {} : { url: draft.url.trim() }),
    ...(draft.description.trim() === was.description ? {} : { description: draft.description.trim() }),
    ...(same(draft.events, was.events) ? {} : { events: [...draft.events] }),
    ...(condition === was.condition ? {} : { condition }),
    ...(same(experiments, was.experiments) ? {} : { experiment_ids: [...experiments] }),
    ...(draft.unsigned ? { secret: "" } : draft.secret ? { secret: draft.secret } : {}),
  };
}
