import { useQuery } from "@tanstack/react-query";
import { keptAddress } from "../../api/registry";
import type { ArtifactEntry, ModelVersion } from "../../api/types";
import { formatBytes } from "../../data/format";
import { mayRunCode } from "../../data/modelcode";
import { readSignature, SIGNATURE_PARTS, type Signature, type SignaturePart } from "../../data/mlmodel";
import { useWords, type MessageKey } from "../../i18n/language";
import { Skeleton } from "../../parts/Empty";
import { Icon } from "../../parts/Icon";
import { Failure } from "../../parts/Region";
import { Snippets } from "../../parts/Snippets";
import { Panel } from "../run/Panel";
import { usageSnippets } from "./code";
import { folderQuery, keptTextQuery } from "./queries";

const MLMODEL = "MLmodel";
const EXAMPLE = "serving_input_example.json";
const REQUIREMENTS = "requirements.txt";

const nameOf = (path: string) => path.slice(path.lastIndexOf("/") + 1);

/** What the files of a version tell: its signature, how it is used, what it needs. */
export function ModelFiles({ version }: { version: ModelVersion }) {
  const { t } = useWords();
  const folder = useQuery(folderQuery(version.name, version.version));
  const root = folder.data?.path ?? "";
  const files = folder.data?.files ?? [];
  const has = (name: string) => files.some((file) => nameOf(file.path) === name);
  const text = (name: string) => ({ ...keptTextQuery(`${root}/${name}`), enabled: has(name) });
  const mlmodel = useQuery(text(MLMODEL));
  const example = useQuery(text(EXAMPLE));
  const requirements = useQuery(text(REQUIREMENTS));
  const signature = mlmodel.data === undefined ? null : readSignature(mlmodel.data);
  const code = mlmodel.data !== undefined && mayRunCode(mlmodel.data, files.map((file) => nameOf(file.path)));
  return (
    <>
      <Panel title={t("models.signature")} tools={code ? <CodeBadge /> : null}>
        {folder.isError || mlmodel.isError ? (
          <Failure error={folder.error ?? mlmodel.error} retry={() => void (folder.isError ? folder : mlmodel).refetch()} />
        ) : folder.isPending || (has(MLMODEL) && mlmodel.isPending) ? (
          <Skeleton lines={4} />
        ) : signature ? (
          <SignatureTable signature={signature} />
        ) : (
          <p className="panel-none">{t(folder.data ? "models.signature.none" : "models.files.elsewhere")}</p>
        )}
      </Panel>
      <Panel title={t("models.use")}>
        <div className="panel-code">
          <Snippets snippets={usageSnippets(version, example.data)} />
        </div>
      </Panel>
      {folder.data ? <FileList root={root} files={files} requirements={requirements.data} /> : null}
    </>
  );
}

/** Says what loading the model means. */
function CodeBadge() {
  const { t } = useWords();
  return (
    <span className="badge tone-warn" title={t("models.code.help")}>
      <Icon name="warning" />
      {t("models.code")}
      <span className="hidden-text">{t("models.code.help")}</span>
    </span>
  );
}

const PART_WORDS: Record<SignaturePart, MessageKey> = {
  inputs: "models.inputs",
  outputs: "models.outputs",
  params: "section.params",
};

function SignatureTable({ signature }: { signature: Signature }) {
  const { t } = useWords();
  return (
    <table className="table table-tight signature">
      <thead>
        <tr>
          <th scope="col">{t("column.name")}</th>
          <th scope="col">{t("models.type")}</th>
          <th scope="col">{t("models.required")}</th>
        </tr>
      </thead>
      {SIGNATURE_PARTS.filter((part) => signature[part].length).map((part) => (
        <tbody key={part}>
          <tr className="signature-part">
            <th colSpan={3} scope="rowgroup">
              {t(PART_WORDS[part])} <span className="count">{signature[part].length}</span>
            </th>
          </tr>
          {signature[part].map((field, index) => (
            // oxlint-disable-next-line react/no-array-index-key -- fields without names stand in their order
            <tr key={index}>
              <td>{field.name || <span className="muted">{t("models.unnamed")}</span>}</td>
              <td>
                <code>{field.type}</code>
              </td>
              <td className="muted">
                {part === "outputs"
                  ? ""
                  : field.default === undefined
                    ? t(field.required ? "models.yes" : "models.no")
                    : t("models.default", { value: field.default })}
              </td>
            </tr>
          ))}
        </tbody>
      ))}
    </table>
  );
}

interface FileListProps {
  root: string;
  files: readonly ArtifactEntry[];
  requirements: string | undefined;
}

function FileList({ root, files, requirements }: FileListProps) {
  const { t } = useWords();
  return (
    <Panel title={t("models.files")} count={files.length}>
      <ul className="datasets">
        {files.map((file) => {
          const name = nameOf(file.path);
          return (
            <li key={file.path}>
              <Icon name={file.is_dir ? "folder" : "file"} />
              {file.is_dir ? (
                name
              ) : (
                <a href={keptAddress(`${root}/${name}`)} download={name}>
                  {name}
                </a>
              )}
              <span className="muted dataset-digest">
                {file.file_size === undefined || file.is_dir ? "" : formatBytes(Number(file.file_size))}
              </span>
            </li>
          );
        })}
      </ul>
      {requirements ? (
        <details className="requirements">
          <summary>{t("models.requirements")}</summary>
          <pre lang="en">{requirements.trim()}</pre>
        </details>
      ) : null}
    </Panel>
  );
}
