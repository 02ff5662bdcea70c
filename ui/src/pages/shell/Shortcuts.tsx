import { useWords, type MessageKey } from "../../i18n/language";
import { Drawer } from "../../parts/Drawer";

const KEYS: readonly (readonly [string, MessageKey])[] = [
  ["/", "keys.filter"],
  ["g e", "keys.experiments"],
  ["j k ↑ ↓ ← →", "keys.move"],
  ["Enter", "keys.open"],
  ["Esc", "keys.leave"],
  ["s", "keys.sort"],
  ["Shift C", "keys.columns"],
  ["l", "keys.live"],
  ["d", "keys.theme"],
  ["[", "keys.rail"],
  ["?", "keys.help"],
];

/** All keys on one sheet. */
export function Shortcuts({ onClose }: { onClose: () => void }) {
  const { t } = useWords();
  return (
    <Drawer title={t("shell.shortcuts")} place="middle" onClose={onClose}>
      <dl className="shortcuts">
        {KEYS.map(([keys, word]) => (
          <div key={keys}>
            <dt>
              {keys.split(" ").map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{t(word)}</dd>
          </div>
        ))}
      </dl>
    </Drawer>
  );
}
