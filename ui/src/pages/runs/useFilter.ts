import { useEffect, useRef, useState } from "react";
import { ApiError } from "../../api/http";
import { parseFilter } from "../../api/server";
import type { FilterVerdict } from "../../api/types";
import type { FilterFault } from "../../parts/FilterBar";

const TYPING_MS = 250;
const AGAIN_MS = 3000;

/** The fault that the server's parser found, in its words. */
export function faultOfVerdict(verdict: FilterVerdict): FilterFault {
  const expected = Array.isArray(verdict.expected) ? verdict.expected.join(", ") : verdict.expected;
  return {
    message: verdict.message ?? "",
    ...(expected ? { expected } : {}),
    ...(verdict.position === undefined ? {} : { position: verdict.position }),
  };
}

interface Filter {
  /** What stands in the field. */
  draft: string;
  fault: FilterFault | null;
  checking: boolean;
  setDraft: (text: string) => void;
  /** Ends a burst of typing: the next change makes a new entry in the history. */
  settle: () => void;
}

/**
 * The text of the filter while it is typed: 250 ms after the last key the server reads it, and only what it can read becomes
 * the filter. While the server does not answer, `unreachable` stands as the fault and it is asked again.
 * `commit` gets the text and whether it replaces the one before in the history.
 */
export function useFilter(
  applied: string,
  unreachable: string,
  commit: (text: string, replace: boolean) => void,
): Filter {
  const [draft, setDraft] = useState(applied);
  const [fault, setFault] = useState<FilterFault | null>(null);
  const [checking, setChecking] = useState(false);
  const typing = useRef(false);
  const latest = useRef({ applied, commit });
  useEffect(() => {
    latest.current = { applied, commit };
  });

  // A change that did not come from the field (back, a link) is shown in it.
  const written = useRef(applied);
  useEffect(() => {
    if (applied !== written.current) {
      written.current = applied;
      setDraft(applied);
    }
  }, [applied]);

  useEffect(() => {
    const text = draft.trim();
    const abort = new AbortController();
    const finish = (found: FilterFault | null) => {
      if (abort.signal.aborted) return;
      setChecking(false);
      setFault(found);
      if (found || text === latest.current.applied) return;
      written.current = text;
      latest.current.commit(text, typing.current);
      typing.current = true;
    };
    if (!text) {
      finish(null);
      return;
    }
    let timer = 0;
    const check = async () => {
      setChecking(true);
      try {
        const verdict = await parseFilter(text, "runs", abort.signal);
        finish(verdict.ok ? null : faultOfVerdict(verdict));
      } catch (error) {
        if (!(error instanceof ApiError)) return;
        finish({ message: error.message || unreachable });
        if (error.passing) timer = window.setTimeout(() => void check(), AGAIN_MS);
      }
    };
    timer = window.setTimeout(() => void check(), TYPING_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
      setChecking(false);
    };
  }, [draft, unreachable]);

  return {
    draft,
    fault,
    checking,
    setDraft,
    settle: () => {
      typing.current = false;
    },
  };
}
