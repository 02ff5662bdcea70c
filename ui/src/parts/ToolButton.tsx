import { useRef, useState, type ReactNode } from "react";
import { Icon } from "./Icon";
import type { IconName } from "./icons";
import { anchorOf, Popover, type Anchor } from "./Popover";
import { PopMenu, type MenuSection } from "./PopMenu";

interface ButtonProps {
  icon: IconName;
  label: string;
  /** What is chosen, after the label. */
  detail?: ReactNode;
  /** Whether something other than the default is chosen. */
  active?: boolean;
  /** Only the icon is seen. */
  bare?: boolean;
}

interface InsideProps extends ButtonProps {
  kind: "dialog" | "menu";
  children: (anchor: Anchor, close: () => void) => ReactNode;
}

function Opener({ icon, label, detail, active = false, bare = false, kind, children }: InsideProps) {
  const [anchor, setAnchor] = useState<Anchor | null>(null);
  const button = useRef<HTMLButtonElement>(null);
  const toggle = () => setAnchor(anchor || !button.current ? null : anchorOf(button.current));
  const style = bare ? "icon-button" : active ? "button tool tool-active" : "button tool";
  return (
    <>
      <button
        ref={button}
        type="button"
        className={style}
        aria-haspopup={kind}
        aria-expanded={anchor !== null}
        aria-label={bare ? label : undefined}
        title={bare ? label : undefined}
        // The panel closes at a press beside it: on the button, that and the click would open it again.
        onPointerDown={(event) => anchor && event.stopPropagation()}
        onClick={toggle}
      >
        <Icon name={icon} />
        {bare ? null : <span>{label}</span>}
        {detail === undefined ? null : <span className="tool-detail">{detail}</span>}
        {bare ? null : <Icon name="chevron" />}
      </button>
      {anchor ? children(anchor, () => setAnchor(null)) : null}
    </>
  );
}

/** A button that opens a panel. */
export function ToolButton({ children, ...button }: ButtonProps & { children: (close: () => void) => ReactNode }) {
  return (
    <Opener {...button} kind="dialog">
      {(anchor, close) => (
        <Popover anchor={anchor} label={button.label} role="dialog" onClose={close} className="tool-panel">
          {children(close)}
        </Popover>
      )}
    </Opener>
  );
}

/** A button that opens a menu. */
export function MenuButton({ sections, ...button }: ButtonProps & { sections: readonly MenuSection[] }) {
  return (
    <Opener {...button} kind="menu">
      {(anchor, close) => <PopMenu anchor={anchor} label={button.label} sections={sections} onClose={close} />}
    </Opener>
  );
}
