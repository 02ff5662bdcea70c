import { useEffect, useLayoutEffect, useRef, type KeyboardEvent, type ReactNode } from "react";
import { createPortal } from "react-dom";

/** Where a panel opens: below a box, or at a point. */
export interface Anchor {
  x: number;
  y: number;
  /** The right end of the box: where there is no room, the panel ends there. */
  right?: number;
  /** The top of the box: where there is no room below, the panel stands above. */
  top?: number;
}

export function anchorOf(element: Element): Anchor {
  const box = element.getBoundingClientRect();
  return { x: box.left, y: box.bottom + 2, right: box.right, top: box.top - 2 };
}

interface PopoverProps {
  anchor: Anchor;
  label: string;
  role: "dialog" | "menu";
  onClose: () => void;
  className?: string;
  onKeyDown?: (event: KeyboardEvent<HTMLDivElement>) => void;
  children: ReactNode;
}

const EDGE = 8;

/** A panel over the page. Escape, a click beside it and a scroll of the page's own close it; the focus goes back. */
export function Popover({ anchor, label, role, onClose, className = "", onKeyDown, children }: PopoverProps) {
  const panel = useRef<HTMLDivElement>(null);
  const close = useRef(onClose);
  useEffect(() => {
    close.current = onClose;
  });

  useLayoutEffect(() => {
    const element = panel.current;
    if (!element) return;
    const { width, height } = element.getBoundingClientRect();
    const { x, y, right, top } = anchor;
    const left = x + width > innerWidth - EDGE ? Math.max(EDGE, (right ?? innerWidth - EDGE) - width) : x;
    const above = y + height > innerHeight - EDGE && (top ?? y) - height > EDGE;
    element.style.left = `${Math.min(left, Math.max(EDGE, innerWidth - width - EDGE))}px`;
    element.style.top = `${above ? (top ?? y) - height : Math.max(EDGE, Math.min(y, innerHeight - height - EDGE))}px`;
    element.style.visibility = "visible";
  }, [anchor]);

  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    const element = panel.current;
    (element?.querySelector<HTMLElement>("[data-first],[role^=menuitem],input,button") ?? element)?.focus();
    const beside = (event: PointerEvent) => {
      const target = event.target as HTMLElement;
      const other = target.closest(".popover");
      const above = other && element && element.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING;
      if (!above && !element?.contains(target)) close.current();
    };
    // Where what had the focus is gone.
    const escape = (event: globalThis.KeyboardEvent) => {
      if (event.key === "Escape" && document.activeElement === document.body) close.current();
    };
    document.addEventListener("keydown", escape);
    // After the click that opened the panel has ended.
    const timer = setTimeout(() => document.addEventListener("pointerdown", beside));
    return () => {
      clearTimeout(timer);
      document.removeEventListener("pointerdown", beside);
      document.removeEventListener("keydown", escape);
      if (element?.contains(document.activeElement) || document.activeElement === document.body) {
        before?.focus({ preventScroll: true });
      }
    };
  }, []);

  return createPortal(
    // oxlint-disable-next-line jsx-a11y/no-static-element-interactions -- it has a role: one of two
    <div
      ref={panel}
      className={`popover ${className}`}
      role={role}
      aria-label={label}
      tabIndex={-1}
      onKeyDown={(event) => {
        if (event.key === "Escape") {
          event.stopPropagation();
          onClose();
        }
        onKeyDown?.(event);
      }}
    >
      {children}
    </div>,
    document.getElementById("main") ?? document.body,
  );
}
