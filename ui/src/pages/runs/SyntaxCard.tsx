import type { ExperimentColumns } from "../../api/types";
import { useWords } from "../../i18n/language";
import { Drawer } from "../../parts/Drawer";
import { filterExamples } from "./filterExample";

interface SyntaxCardProps {
  known: ExperimentColumns;
  onTry: (filter: string) => void;
  onClose: () => void;
}

/** What filters can say, as examples of this experiment's own keys; a click tries one. */
export function SyntaxCard({ known, onTry, onClose }: SyntaxCardProps) {
  const { t } = useWords();
  return (
    <Drawer title={t("syntax.title")} place="middle" onClose={onClose}>
      <p className="muted">{t("syntax.help")}</p>
      <ul className="syntax">
        {filterExamples(known).map(({ filter, word }) => (
          <li key={word}>
            <button type="button" onClick={() => onTry(filter)}>
              <code>{filter}</code>
              <span className="muted">{t(word)}</span>
            </button>
          </li>
        ))}
      </ul>
    </Drawer>
  );
}
