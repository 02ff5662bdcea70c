import { createContext, Fragment, useContext, useState, type ReactNode } from "react";
import { createPortal } from "react-dom";
import { Link } from "wouter";
import { Icon } from "../../parts/Icon";

const Slot = createContext<[HTMLElement | null, (element: HTMLElement | null) => void]>([null, () => {}]);

export interface Crumb {
  label: string;
  href: string;
}

export function CrumbsProvider({ children }: { children: ReactNode }) {
  const slot = useState<HTMLElement | null>(null);
  return <Slot value={slot}>{children}</Slot>;
}

/** The place in the top bar that a page's crumbs go to. */
export function CrumbsSlot({ label }: { label: string }) {
  const [, setSlot] = useContext(Slot);
  return <nav className="crumbs" aria-label={label} ref={setSlot} />;
}

/** The way from the top to this page; the page itself is its h1 and not repeated. */
export function Crumbs({ items }: { items: readonly Crumb[] }) {
  const [slot] = useContext(Slot);
  if (!slot) return null;
  return createPortal(
    items.map((item, index) => (
      <Fragment key={item.href}>
        {index > 0 ? <Icon name="right" /> : null}
        <Link href={item.href}>{item.label}</Link>
      </Fragment>
    )),
    slot,
  );
}
