import { Fragment, type KeyboardEvent } from "react";
import { Icon } from "./Icon";
import type { IconName } from "./icons";
import { Popover, type Anchor } from "./Popover";

export interface MenuAction {
  id: string;
  label: string;
  icon?: IconName;
  /** Said after the label, in grey: a value, or the key that does the same. */
  detail?: string;
  /** Whether it is chosen, where it is one of several. */
  checked?: boolean;
  tone?: "bad";
  run: () => void;
}

/** Actions that belong together, with a heading or none. */
export interface MenuSection {
  id: string;
  heading?: string;
  actions: readonly MenuAction[];
}

interface PopMenuProps {
  anchor: Anchor;
  label: string;
  sections: readonly MenuSection[];
  onClose: () => void;
}

/** A menu at a place of the page; arrows move in it. */
export function PopMenu({ anchor, label, sections, onClose }: PopMenuProps) {
  const keys = (event: KeyboardEvent<HTMLDivElement>) => {
    const items = [...event.currentTarget.querySelectorAll<HTMLElement>("[role^=menuitem]")];
    const index = items.indexOf(document.activeElement as HTMLElement);
    const places: Record<string, number> = {
      ArrowDown: (index + 1) % items.length,
      ArrowUp: (index - 1 + items.length) % items.length,
      Home: 0,
      End: items.length - 1,
    };
    const place = places[event.key];
    if (event.key === "Tab") onClose();
    if (place === undefined) return;
    event.preventDefault();
    items[place]?.focus();
  };
  return (
    <Popover anchor={anchor} label={label} role="menu" className="menu-pop" onClose={onClose} onKeyDown={keys}>
      {sections
        .filter((section) => section.actions.length)
        .map((section, index) => (
          <Fragment key={section.id}>
            {index > 0 ? <hr /> : null}
            <div role="group" aria-label={section.heading ?? label}>
              {section.heading ? <p className="menu-heading">{section.heading}</p> : null}
              {section.actions.map((action) => (
                <Item key={action.id} action={action} onClose={onClose} />
              ))}
            </div>
          </Fragment>
        ))}
    </Popover>
  );
}

function Item({ action, onClose }: { action: MenuAction; onClose: () => void }) {
  const choice = action.checked !== undefined;
  return (
    <button
      type="button"
      role={choice ? "menuitemradio" : "menuitem"}
      aria-checked={choice ? action.checked : undefined}
      tabIndex={-1}
      className={action.tone ? `tone-${action.tone}` : undefined}
      onClick={() => {
        onClose();
        action.run();
      }}
    >
      {choice ? (
        <span className="menu-mark">{action.checked ? <Icon name="check" /> : null}</span>
      ) : action.icon ? (
        <Icon name={action.icon} />
      ) : null}
      <span className="menu-label">{action.label}</span>
      {action.detail ? <span className="menu-detail">{action.detail}</span> : null}
    </button>
  );
}
