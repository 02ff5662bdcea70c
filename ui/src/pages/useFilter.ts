import { useEffect, useMemo, useRef, useState } from "react";
import { flushSync } from "react-dom";
import { ApiError } from "../api/http";
import { parseFilter, type FilterEntity } from "../api/server";
import type { FilterCompletion, FilterSpan, FilterVerdict } from "../api/types";
import { rememberFilter, recentFilters } from "../data/recent";
import {
  adapted,
  completed,
  looksWhole,
  recentSuggestions,
  termsOf,
  toPoints,
  toUnits,
  type Suggestion,
  type Term,
} from "../data/filtertext";
import type { FilterFault } from "../parts/FilterBar";

/** Between the last key and the question: as benchmarks/ui has it. */
const TYPING_MS = 100;
const AGAIN_MS = 3000;
const SHOWN_RECENT = 5;
/** A bare word finds names, but may be the beginning of a key: it waits for the reader to stop. */
const WORD_MS = 1200;

/** The fault that the server's parser found, in its words; its place as JavaScript counts. */
export function faultOfVerdict(text: string, verdict: FilterVerdict): FilterFault {
  const expected = Array.isArray(verdict.expected) ? verdict.expected.join(", ") : verdict.expected;
  return {
    message: verdict.message ?? "",
    ...(expected ? { expected } : {}),
    ...(verdict.position === undefined ? {} : { position: toUnits(text, verdict.position) }),
  };
}

/** Whether a fault only says that the text goes on. */
export function isUnfinished({ position }: FilterFault, text: string): boolean {
  return position !== undefined && position >= text.trimEnd().length;
}

export interface Filter {
  /** What stands in the field. */
  draft: string;
  fault: FilterFault | null;
  checking: boolean;
  /** What may be typed at the caret. */
  completions: readonly Suggestion[];
  /** The conditions of the filter that is applied. */
  terms: readonly Term[];
  setDraft: (text: string, caret?: number) => void;
  setCaret: (caret: number) => void;
  complete: (completion: Suggestion) => void;
  /** Ends a burst of typing: the next change makes a new entry in the history. */
  settle: () => void;
}

interface Asked {
  entity: FilterEntity;
  /** Where names and values of runs are looked up; null for what belongs to no experiment. */
  experimentId: string | null;
  /** The list whose filters are offered again. */
  list: string;
  applied: string;
  /** Said when the server does not answer. */
  unreachable: string;
  /** Puts the caret of the field to a place. */
  place: (caret: number) => void;
  commit: (text: string, replace: boolean) => void;
  /** A text that may become the filter, while the server still reads it. */
  onLikely?: (text: string) => void;
}

/** Whether the last thing that was typed is a word that may become a key. */
function endsInWord({ spans = [], completions = [] }: FilterVerdict): boolean {
  const last = spans.at(-1);
  return last?.kind === "text" && completions.some((one) => one.from === last.start && one.kind !== "value");
}

const NONE: readonly FilterCompletion[] = [];

/**
 * The text of the filter while it is typed: a moment after the last key the server reads it, and only what it can read becomes
 * the filter. While the server does not answer, `unreachable` stands as the fault and it is asked again.
 * `commit` gets the text and whether it replaces the one before in the history.
 */
export function useFilter({ entity, experimentId, list, applied, unreachable, place, commit, onLikely }: Asked): Filter {
  const [draft, setDraft] = useState(applied);
  const [caret, setCaret] = useState<number | null>(null);
  const [fault, setFault] = useState<FilterFault | null>(null);
  const [checking, setChecking] = useState(false);
  const [told, setTold] = useState({ text: "", list: NONE });
  const [read, setRead] = useState<{ text: string; spans: FilterSpan[] }>({ text: "", spans: [] });
  const typing = useRef(false);
  /** Applies a text that was read but waits. */
  const pending = useRef<(() => void) | null>(null);
  const latest = useRef({ applied, commit, onLikely });
  useEffect(() => {
    latest.current = { applied, commit, onLikely };
  });

  // A change that did not come from the field (back, a link, a menu) is shown in it.
  const written = useRef(applied);
  useEffect(() => {
    if (applied !== written.current) {
      written.current = applied;
      setDraft(applied);
      setCaret(null);
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
      setTold({ text: "", list: NONE });
      finish(null);
      if (caret === null) return;
    }
    let timer = 0;
    const check = async () => {
      setChecking(text !== "");
      try {
        const cursor = caret === null ? {} : { cursor: toPoints(draft, caret) };
        const scope = experimentId === null ? {} : { experiment_ids: [experimentId] };
        const asked = parseFilter({ filter: draft, entity, ...scope, ...cursor }, abort.signal);
        if (text && text !== latest.current.applied && looksWhole(text)) latest.current.onLikely?.(text);
        const verdict = await asked;
        if (abort.signal.aborted) return;
        setTold({ text: draft, list: verdict.completions ?? NONE });
        if (verdict.ok) setRead({ text: draft, spans: verdict.spans ?? [] });
        setFault(verdict.ok ? null : faultOfVerdict(draft, verdict));
        if (caret !== null && verdict.ok && endsInWord(verdict)) {
          setChecking(false);
          pending.current = () => finish(null);
          timer = window.setTimeout(pending.current, WORD_MS);
        } else finish(verdict.ok ? null : faultOfVerdict(draft, verdict));
      } catch (error) {
        if (!(error instanceof ApiError)) return;
        finish({ message: error.message || unreachable });
        if (error.passing) timer = window.setTimeout(() => void check(), AGAIN_MS);
      }
    };
    timer = window.setTimeout(() => void check(), TYPING_MS);
    return () => {
      pending.current = null;
      clearTimeout(timer);
      abort.abort();
      setChecking(false);
    };
  }, [draft, caret, entity, experimentId, unreachable]);

  const completions = useMemo<readonly Suggestion[]>(() => {
    const fitting = adapted(told.list, told.text, draft, caret ?? draft.length);
    return draft.trim() ? fitting : [...recentSuggestions(recentFilters(list).slice(0, SHOWN_RECENT)), ...fitting];
  }, [told, draft, caret, list]);
  const terms = useMemo(
    () => (applied && read.text.trim() === applied ? termsOf(read.text, read.spans) : []),
    [applied, read],
  );

  return {
    draft,
    fault,
    checking,
    completions,
    terms,
    setDraft: (text, at) => {
      setDraft(text);
      setCaret(at ?? null);
    },
    setCaret,
    complete: (completion) => {
      const next = completed(draft, completion);
      // At once: the next key must find the text and the caret where they will be.
      flushSync(() => {
        setDraft(next.text);
        setCaret(next.caret);
      });
      place(next.caret);
    },
    settle: () => {
      pending.current?.();
      pending.current = null;
      typing.current = false;
      if (!fault) rememberFilter(list, draft.trim());
    },
  };
}
