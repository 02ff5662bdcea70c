import type { RunScope, TableFormat } from "../../api/types";
import { searchCall } from "../../data/pythoncall";
import { toasts } from "../../data/toasts";
import type { Words } from "../../i18n/language";
import { writeClipboard } from "../../parts/clipboard";
import type { MenuAction } from "../../parts/PopMenu";
import { sayError } from "../sayError";
import { downloadScope } from "./bulk";

const FORMATS: readonly (readonly [TableFormat, string])[] = [
  ["csv", "CSV"],
  ["json", "JSON"],
  ["parquet", "Parquet"],
];

/** Ways to take runs along: files with all their values, or the call that reads them. `name`: of the file. */
export function exportActions(scope: RunScope, order: readonly string[], name: string, words: Words): MenuAction[] {
  const { t } = words;
  const copy = async () => {
    try {
      await writeClipboard(searchCall(scope, order));
      toasts.show(t("copy.done"));
    } catch (error) {
      sayError(error, t);
    }
  };
  return [
    ...FORMATS.map(([format, label]): MenuAction => ({
      id: format,
      label,
      icon: "download",
      run: () => void downloadScope(scope, order, format, name, words),
    })),
    { id: "python", label: t("export.python"), icon: "copy", run: () => void copy() },
  ];
}
