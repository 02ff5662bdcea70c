import { useQuery } from "@tanstack/react-query";
import { artifactAddress } from "../../api/server";
import { formatBytes } from "../../data/format";
import { useWords } from "../../i18n/language";
import { Skeleton } from "../../parts/Empty";
import { Failure } from "../../parts/Region";
import { previewQuery } from "../queries";

const TEXT =
  /(?:^|\/)(?:MLmodel|MLproject)$|\.(?:txt|log|err|cfg|conf|ini|toml|ya?ml|json|jsonl|py|md|rst|csv|tsv|xml|sh|r|html)$/i;
const IMAGE = /\.(?:png|jpe?g|gif|webp|avif|bmp|svg)$/i;
const IMAGE_LIMIT = 20_000_000;
const TEXT_LIMIT = 262_144;

/** What a file holds: text and pictures; for others a word why not. Nothing of the file is ever run or laid into the page. */
export function Preview({ runId, path, size = 1 }: { runId: string; path: string; size: number | undefined }) {
  const { t } = useWords();
  if (size === 0) return <p className="panel-none">{t("artifacts.empty")}</p>;
  if (IMAGE.test(path) && size <= IMAGE_LIMIT) {
    return (
      <div className="preview-image">
        <img src={artifactAddress(runId, path)} alt={path} />
      </div>
    );
  }
  if (TEXT.test(path)) return <TextPreview runId={runId} path={path} size={size} />;
  return <p className="panel-none">{t("artifacts.noPreview")}</p>;
}

function TextPreview({ runId, path, size }: { runId: string; path: string; size: number }) {
  const { t } = useWords();
  const text = useQuery(previewQuery(runId, path));
  if (text.isError) return <Failure error={text.error} retry={() => void text.refetch()} />;
  if (text.isPending) return <Skeleton lines={6} />;
  return (
    <>
      {size > TEXT_LIMIT ? (
        <p className="panel-none preview-note">{t("artifacts.firstPart", { shown: formatBytes(TEXT_LIMIT), size: formatBytes(size) })}</p>
      ) : null}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- so that it can be scrolled by keys */}
      <pre className="preview-text" tabIndex={0}>
        {text.data}
      </pre>
    </>
  );
}
