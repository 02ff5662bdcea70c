import { toasts } from "../data/toasts";
import type { Translate } from "../i18n/language";

/** Says why something that the reader asked for did not work. */
export function sayError(error: unknown, t: Translate): void {
  const message = error instanceof Error && error.message ? error.message : t("error.unreachable");
  toasts.show(message, { tone: "bad" });
}
