import { useState } from "react";
import { useWords } from "../i18n/language";

/** Longer texts, or texts of more lines, are cut at first. */
const LONG = 240;
const LINES = 6;

/** A text as it was written; a long one is cut after some lines, with a button that shows all of it. */
export function LongText({ text }: { text: string }) {
  const { t } = useWords();
  const [all, setAll] = useState(false);
  const long = text.length > LONG || text.split("\n", LINES + 1).length > LINES;
  if (!long) return <span className="long-text">{text}</span>;
  return (
    <>
      <span className={all ? "long-text" : "long-text long-text-cut"}>{text}</span>
      <button type="button" className="button-link long-text-more" aria-expanded={all} onClick={() => setAll(!all)}>
        {t(all ? "value.less" : "value.more")}
      </button>
    </>
  );
}
