import { useState } from "react";
import { useWords } from "../../../i18n/language";
import { CopyButton } from "../../../parts/CopyButton";
import { Icon } from "../../../parts/Icon";

/** Members that are shown at once. */
const PART = 100;
/** Objects of fewer members are open at first. */
const OPEN_BELOW = 20;
const OPEN_DEPTH = 2;

/** A JSON value as a tree that opens level by level. */
export function JsonTree({ value, label }: { value: unknown; label: string }) {
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- so that it can be scrolled by keys
    <div className="json-tree" tabIndex={0} role="group" aria-label={label}>
      <ul>
        <Node name={null} path="$" value={value} depth={0} />
      </ul>
    </div>
  );
}

interface NodeProps {
  /** Null for the root. */
  name: string | number | null;
  path: string;
  value: unknown;
  depth: number;
}

const isTree = (value: unknown): value is object => typeof value === "object" && value !== null;

function pathOf(path: string, key: string | number): string {
  if (typeof key === "number") return `${path}[${key}]`;
  return /^[A-Za-z_]\w*$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`;
}

function Node({ name, path, value, depth }: NodeProps) {
  const { t } = useWords();
  const members: [string | number, unknown][] = Array.isArray(value)
    ? value.map((item, index) => [index, item])
    : isTree(value)
      ? Object.entries(value)
      : [];
  const [open, setOpen] = useState(depth === 0 || (depth < OPEN_DEPTH && members.length < OPEN_BELOW));
  const [shown, setShown] = useState(PART);
  const title = name === null ? null : <span className="json-key">{String(name)}</span>;
  const copy = <CopyButton small text={path} label={t("viewer.copyPath")} />;
  if (!isTree(value)) {
    return (
      <li className="json-row">
        {title}
        <span className={`json-${value === null ? "null" : typeof value}`}>{JSON.stringify(value)}</span>
        {copy}
      </li>
    );
  }
  return (
    <li>
      <div className="json-row">
        <button type="button" className="json-toggle" aria-expanded={open} onClick={() => setOpen(!open)}>
          <Icon name={open ? "chevron" : "right"} />
          {title}
          <span className="muted">{Array.isArray(value) ? `[${members.length}]` : `{${members.length}}`}</span>
        </button>
        {name === null ? null : copy}
      </div>
      {open && members.length > 0 ? (
        <ul>
          {members.slice(0, shown).map(([key, member]) => (
            <Node key={key} name={key} path={pathOf(path, key)} value={member} depth={depth + 1} />
          ))}
          {members.length > shown ? (
            <li>
              <button type="button" className="button-link json-more" onClick={() => setShown(shown + 10 * PART)}>
                {t("viewer.moreMembers", { n: members.length - shown })}
              </button>
            </li>
          ) : null}
        </ul>
      ) : null}
    </li>
  );
}
