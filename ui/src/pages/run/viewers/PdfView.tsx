import { useEffect, useState } from "react";
import { readBlob } from "../../../api/server";
import { useWords } from "../../../i18n/language";
import { Skeleton } from "../../../parts/Empty";
import { Failure } from "../../../parts/Region";

const MOST_BYTES = 50_000_000;

/**
 * A PDF in the browser's own viewer, inside the page.
 *
 * Browsers refuse to start that viewer in a sandboxed frame. So the frame gets the bytes under a type that we set: whatever the
 * file holds is taken for a PDF and for nothing else, and a PDF's scripts run in the viewer, not in our origin.
 */
export function PdfView({ runId, path, size }: { runId: string; path: string; size: number | undefined }) {
  const { t } = useWords();
  const [place, setPlace] = useState<string | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [attempt, setAttempt] = useState(0);
  const tooLarge = size !== undefined && size > MOST_BYTES;
  const shown = navigator.pdfViewerEnabled && !tooLarge;
  useEffect(() => {
    if (!shown) return;
    let url: string | null = null;
    let gone = false;
    setPlace(null);
    setError(null);
    readBlob(runId, path).then(
      (bytes) => {
        if (gone) return;
        url = URL.createObjectURL(new Blob([bytes], { type: "application/pdf" }));
        setPlace(url);
      },
      (reason: unknown) => {
        if (!gone) setError(reason);
      },
    );
    return () => {
      gone = true;
      if (url) URL.revokeObjectURL(url);
    };
  }, [runId, path, shown, attempt]);
  if (tooLarge) return <p className="panel-none">{t("viewer.tooLarge")}</p>;
  if (!navigator.pdfViewerEnabled) return <p className="panel-none">{t("viewer.pdf")}</p>;
  if (error) return <Failure error={error} retry={() => setAttempt((count) => count + 1)} />;
  if (!place) return <Skeleton lines={4} />;
  // oxlint-disable-next-line react/iframe-missing-sandbox -- see above
  return <iframe className="viewer-frame" title={path} src={place} />;
}
