import type { MessageKey, Translate } from "../../i18n/language";

const WORDS: Record<string, MessageKey> = {
  "registered_model.created": "webhooks.event.model",
  "model_version.created": "webhooks.event.version",
  "model_version.deleted": "webhooks.event.versionGone",
  "model_version_alias.created": "webhooks.event.alias",
  "model_version_alias.deleted": "webhooks.event.aliasGone",
  "model_version_stage.set": "webhooks.event.stage",
  "model_version_tag.set": "webhooks.event.tag",
  "model_version_tag.deleted": "webhooks.event.tagGone",
  "run.finished": "webhooks.event.finished",
  "run.failed": "webhooks.event.failed",
  "run.killed": "webhooks.event.killed",
  "run.condition_met": "webhooks.event.condition",
};

/** An event in the reader's language; one that the pages do not know stands as it is. */
export function eventWord(event: string, t: Translate): string {
  const word = WORDS[event];
  return word ? t(word) : event;
}
