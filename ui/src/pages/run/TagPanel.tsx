import { useState } from "react";
import type { KeyValue } from "../../api/types";
import { isHiddenTag } from "../../data/columns";
import { useWords } from "../../i18n/language";
import { CopyButton } from "../../parts/CopyButton";
import { Icon } from "../../parts/Icon";
import { LongText } from "../../parts/LongText";
import { Panel } from "./Panel";

interface TagPanelProps {
  tags: readonly KeyValue[] | undefined;
  onSet: (key: string, value: string) => void;
  onDelete: (tag: KeyValue) => void;
}

/** Tags of a run, model or version, with a line that adds one or writes over it. */
export function TagPanel({ tags, onSet, onDelete }: TagPanelProps) {
  const { t } = useWords();
  const [key, setKey] = useState("");
  const [value, setValue] = useState("");
  const shown = (tags ?? []).filter((tag) => !isHiddenTag(tag.key)).toSorted((a, b) => (a.key < b.key ? -1 : 1));
  return (
    <Panel
      title={t("section.tags")}
      count={shown.length}
      tools={shown.length ? <CopyButton small text={jsonOf(shown)} label={t("copy.json")} /> : null}
    >
      {shown.length === 0 ? null : (
        <table className="table table-tight pairs tag-pairs">
          <tbody>
            {shown.map((tag) => (
              <tr key={tag.key}>
                <th scope="row">{tag.key}</th>
                <td>
                  <LongText text={tag.value} />
                </td>
                <td className="tag-end">
                  <button
                    type="button"
                    className="icon-button"
                    aria-label={t("models.tag.delete", { key: tag.key })}
                    title={t("models.tag.delete", { key: tag.key })}
                    onClick={() => onDelete(tag)}
                  >
                    <Icon name="close" />
                  </button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <form
        className="tag-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (!key.trim()) return;
          onSet(key.trim(), value);
          setKey("");
          setValue("");
        }}
      >
        <input
          type="text"
          value={key}
          maxLength={250}
          placeholder={t("models.tag.key")}
          aria-label={t("models.tag.key")}
          onChange={(event) => setKey(event.target.value)}
        />
        <input
          type="text"
          value={value}
          placeholder={t("models.tag.value")}
          aria-label={t("models.tag.value")}
          onChange={(event) => setValue(event.target.value)}
        />
        <button type="submit" className="button" disabled={!key.trim()}>
          <Icon name="plus" />
          {t("models.tag.add")}
        </button>
      </form>
    </Panel>
  );
}

const jsonOf = (tags: readonly KeyValue[]) => JSON.stringify(Object.fromEntries(tags.map((tag) => [tag.key, tag.value])), null, 2);
