/** The language of the page: chosen, else the browser's; English where neither is known. */
import { useSyncExternalStore } from "react";
import en from "./en.json";
import { format, type Values } from "./message";

export type MessageKey = keyof typeof en;
export type Catalogue = Record<MessageKey, string>;

/** Languages with their own names for themselves. */
export const LANGUAGES = { en: "English", "zh-CN": "简体中文" } as const;
export type Language = keyof typeof LANGUAGES;

const KEY = "clew.language";
const loaders: Record<Language, () => Promise<Catalogue>> = {
  en: () => Promise.resolve(en),
  "zh-CN": async () => (await import("./zh-CN.json")).default,
};

function isLanguage(text: string | null): text is Language {
  return text !== null && text in LANGUAGES;
}

function preferred(): Language {
  try {
    const stored = localStorage.getItem(KEY);
    if (isLanguage(stored)) return stored;
  } catch {
    // Storage may be forbidden.
  }
  for (const wish of navigator.languages) {
    if (wish.startsWith("zh")) return "zh-CN";
    if (wish.startsWith("en")) return "en";
  }
  return "en";
}

interface State {
  language: Language;
  catalogue: Catalogue;
}

let state: State = { language: "en", catalogue: en };
const listeners = new Set<() => void>();

async function show(language: Language): Promise<void> {
  state = { language, catalogue: await loaders[language]() };
  document.documentElement.lang = language;
  for (const listener of listeners) listener();
}

/** Loads the reader's language; call once before the first render. */
export function loadLanguage(): Promise<void> {
  return show(preferred());
}

export async function chooseLanguage(language: Language): Promise<void> {
  try {
    localStorage.setItem(KEY, language);
  } catch {
    // Then the choice holds for this page only.
  }
  await show(language);
}

/** Writes a message in the page's language. */
export type Translate = (key: MessageKey, values?: Values) => string;

export interface Words {
  t: Translate;
  language: Language;
}

function wordsOf(current: State): Words {
  return {
    language: current.language,
    t: (key, values = {}) => format(current.catalogue[key] ?? en[key], values, current.language),
  };
}

let words = wordsOf(state);
let wordsFor = state;

function currentWords(): Words {
  if (wordsFor !== state) {
    wordsFor = state;
    words = wordsOf(state);
  }
  return words;
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The words of the page; the component draws again when the language changes. */
export function useWords(): Words {
  return useSyncExternalStore(subscribe, currentWords);
}
