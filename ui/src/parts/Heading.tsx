import { useEffect, useRef, type ReactNode } from "react";

const PRODUCT = "Clew";
let firstPage = true;

/** The page's h1: takes the focus when the page was reached by a link inside the app, and sets the window's title. */
export function Heading({ title, children }: { title: readonly string[]; children: ReactNode }) {
  const heading = useRef<HTMLHeadingElement>(null);
  const text = [...title, PRODUCT].join(" · ");
  useEffect(() => {
    document.title = text;
  }, [text]);
  useEffect(() => {
    if (firstPage) firstPage = false;
    else heading.current?.focus({ preventScroll: true });
  }, []);
  return (
    <h1 ref={heading} tabIndex={-1}>
      {children}
    </h1>
  );
}
