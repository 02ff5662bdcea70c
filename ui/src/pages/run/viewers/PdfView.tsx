import { useEffect, useState } from "react";
import { readBlob } from "../../../api/server";
import { useWords } from "../../../i18n/language";
import { Failure } from "../../../parts/Region";

const MOST_BYTES = 50_000_000;
/** After this the new tab has read it. */
const KEPT_MS = 60_000;

/** Opens a PDF in a tab of the browser's own viewer, which refuses to work in a sandboxed frame. */
export function PdfView({ runId, path, size }: { runId: string; path: string; size: number | undefined }) {
  const { t } = useWords();
  const [state, setState] = useState<"idle" | "loading" | { error: unknown }>("idle");
  useEffect(() => setState("idle"), [path]);
  if (size !== undefined && size > MOST_BYTES) return <p className="panel-none">{t("viewer.tooLarge")}</p>;
  const open = async () => {
    setState("loading");
    try {
      // The type is ours, so that whatever the file holds is taken for a PDF and for nothing else.
      const place = URL.createObjectURL(new Blob([await readBlob(runId, path)], { type: "application/pdf" }));
      window.open(place, "_blank", "noopener");
      setTimeout(() => URL.revokeObjectURL(place), KEPT_MS);
      setState("idle");
    } catch (error) {
      setState({ error });
    }
  };
  if (typeof state === "object") return <Failure error={state.error} retry={() => void open()} />;
  return (
    <div className="viewer-player">
      <p>{t("viewer.pdf")}</p>
      <button type="button" className="button" disabled={state === "loading"} onClick={() => void open()}>
        {t(state === "loading" ? "loading" : "viewer.openPdf")}
      </button>
    </div>
  );
}
