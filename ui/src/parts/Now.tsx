import { createContext, useContext, useEffect, useState, type ReactNode } from "react";

const NowContext = createContext(0);
const TICK_MS = 20_000;

/** Gives the time that ages are counted to, in ms; it moves on every 20 s, so that all ages change together. */
export function NowProvider({ children }: { children: ReactNode }) {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, []);
  return <NowContext value={now}>{children}</NowContext>;
}

export const useNow = () => useContext(NowContext);
