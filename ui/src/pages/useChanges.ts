import { useEffect, useRef, useSyncExternalStore } from "react";
import { listen } from "../api/events";
import { live } from "../data/live";

/** How long a page goes on listening after the reader left it for another one. */
const HIDDEN_MS = 30_000;
/** Until a page listens. */
const BEGIN_MS = 150;
/** Between two looks at what changed. */
const GATHER_MS = 1000;
/** Where the server tells of no changes: between two looks. */
const POLL_MS = 3000;
/** Where it does: in case that a message was lost. */
const SAFE_MS = 30_000;

/**
 * Calls `look` when something of the topics changed: at most once a second, and only while the page is seen.
 * `shown`: the server's `rev` of what the page shows; without it the page looks once more when it begins to listen.
 */
export function useChanges(topics: readonly string[], look: () => Promise<void>, shown?: string): void {
  const latest = useRef({ look, shown });
  useEffect(() => {
    latest.current = { look, shown };
  });
  const paused = useSyncExternalStore(live.subscribe, () => live.get() === "paused");
  const names = topics.join();

  useEffect(() => {
    if (paused || !names) return;
    let stop: (() => void) | null = null;
    let told = false;
    let waiting = false;
    let looking = false;
    let last = Date.now();
    let hidden = 0;

    const now = async () => {
      if (looking) return;
      looking = true;
      waiting = false;
      last = Date.now();
      try {
        await latest.current.look();
        live.report(true);
      } catch (error) {
        live.report(!(error instanceof Error && "status" in error && error.status === 0));
      } finally {
        looking = false;
      }
    };
    const start = () => {
      const listener = {
        onChange: () => (waiting = true),
        onState: (state: boolean, whole: boolean) => {
          // What happened between the last message and now is asked for.
          if (told !== state && !whole) waiting = true;
          told = state;
        },
      };
      stop ??= listen(names.split(","), listener, latest.current.shown);
    };
    const end = () => {
      stop?.();
      stop = null;
      told = false;
    };
    const tick = () => {
      if (document.hidden) return;
      const passed = Date.now() - last;
      if ((waiting && passed >= GATHER_MS) || passed >= (told ? SAFE_MS : POLL_MS)) void now();
    };
    const seen = () => {
      clearTimeout(hidden);
      if (document.hidden) hidden = window.setTimeout(end, HIDDEN_MS);
      else {
        if (!stop) waiting = true;
        start();
      }
    };
    // What the page itself asks for goes first.
    const begin = setTimeout(start, BEGIN_MS);
    const timer = setInterval(tick, GATHER_MS / 2);
    document.addEventListener("visibilitychange", seen);
    return () => {
      clearTimeout(begin);
      clearInterval(timer);
      clearTimeout(hidden);
      document.removeEventListener("visibilitychange", seen);
      end();
    };
  }, [names, paused]);
}
