import type { ReactNode } from "react";
import { formatBytes } from "../../../data/format";
import { useWords } from "../../../i18n/language";
import { Skeleton } from "../../../parts/Empty";
import { Failure } from "../../../parts/Region";
import { useText } from "./useText";

interface TextFileProps {
  runId: string;
  path: string;
  size: number | undefined;
  /** Bytes to begin with. */
  first?: number;
  children: (text: string, whole: boolean) => ReactNode;
}

/** A file that is read as text; says where only the first part of it is shown. */
export function TextFile({ runId, path, size, first, children }: TextFileProps) {
  const { t } = useWords();
  const { text, error, retry, bytes, whole, more } = useText(runId, path, size, first);
  if (error) return <Failure error={error} retry={retry} />;
  if (text === undefined) return <Skeleton lines={6} />;
  return (
    <>
      {whole ? null : (
        <p className="viewer-note">
          {size === undefined ? t("viewer.firstBytes", { shown: formatBytes(bytes) }) : t("artifacts.firstPart", { shown: formatBytes(bytes), size: formatBytes(size) })}
          {more ? (
            <button type="button" className="button-link" onClick={more}>
              {t("viewer.more")}
            </button>
          ) : null}
        </p>
      )}
      {children(text, whole)}
    </>
  );
}
