import { useWords, type MessageKey } from "../../i18n/language";
import { Drawer } from "../../parts/Drawer";

const KEYS: readonly (readonly [string, MessageKey])[] = [
  ["Ctrl+K", "palette.title"],
  ["/", "keys.filter"],
  ["g e", "keys.experiments"],
  ["g m", "keys.models"],
  ["g w", "keys.webhooks"],
  ["j k ↑ ↓ ← →", "keys.move"],
  ["Enter", "keys.open"],
  ["x Space", "keys.select"],
  ["Shift+↓ Ctrl+A", "keys.selectMore"],
  ["p", "keys.pin"],
  ["b", "keys.base"],
  ["s Shift+S", "keys.sort"],
  ["Alt+→", "keys.moveColumn"],
  ["Shift+F10", "keys.menu"],
  ["Shift+C", "keys.columns"],
  ["1 2 3", "keys.layout"],
  ["c", "keys.compare"],
  ["← →", "keys.neighbours"],
  ["y", "keys.share"],
  ["Esc", "keys.leave"],
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
