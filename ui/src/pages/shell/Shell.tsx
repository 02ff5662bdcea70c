import { useEffect, useState, useSyncExternalStore, type ReactNode } from "react";
import { Link, useLocation } from "wouter";
import { live, type Connection } from "../../data/live";
import { chooseLanguage, LANGUAGES, useWords, type Language, type MessageKey } from "../../i18n/language";
import { Icon, Mark } from "../../parts/Icon";
import type { IconName } from "../../parts/icons";
import { Menu } from "../../parts/Menu";
import { Toasts } from "../../parts/Toasts";
import { theme, type ThemeChoice } from "../../theme/mode";
import { Banner } from "./Banner";
import { CrumbsProvider, CrumbsSlot } from "./Crumbs";
import { Palette } from "./Palette";
import { Shortcuts } from "./Shortcuts";
import { useKeys } from "./useKeys";
import "./shell.css";

const RAIL_KEY = "clew.rail";

/** What stands around every page: the rail, the top bar, the main region. */
export function Shell({ children }: { children: ReactNode }) {
  const { t } = useWords();
  const [, navigate] = useLocation();
  const [open, setOpen] = useState(() => localStorage.getItem(RAIL_KEY) === "open");
  const [help, setHelp] = useState(false);
  const [finding, setFinding] = useState(false);
  useEffect(() => localStorage.setItem(RAIL_KEY, open ? "open" : "closed"), [open]);
  useKeys({
    "[": () => setOpen((was) => !was),
    "?": () => setHelp(true),
    l: live.toggle,
    d: () => theme.choose(theme.shown() === "dark" ? "light" : "dark"),
    "g e": () => navigate("/experiments"),
    "g m": () => navigate("/models"),
    "g w": () => navigate("/webhooks"),
  });
  useEffect(() => {
    const find = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
      event.preventDefault();
      setFinding((was) => !was);
    };
    document.addEventListener("keydown", find);
    return () => document.removeEventListener("keydown", find);
  }, []);
  return (
    <CrumbsProvider>
      <div className={open ? "shell shell-open" : "shell"}>
        <a className="skip" href="#main" onClick={skip}>
          {t("shell.skip")}
        </a>
        <Rail open={open} onToggle={() => setOpen(!open)} onHelp={() => setHelp(true)} />
        <header className="topbar">
          <CrumbsSlot label={t("shell.crumbs")} />
          <button type="button" className="find" onClick={() => setFinding(true)}>
            <Icon name="search" />
            <span>{t("palette.title")}</span>
            <kbd aria-hidden="true">Ctrl K</kbd>
          </button>
          <LiveButton />
          <ThemeMenu />
          <LanguageMenu />
        </header>
        <main id="main" tabIndex={-1}>
          <Banner />
          {children}
        </main>
        {help ? <Shortcuts onClose={() => setHelp(false)} /> : null}
        {finding ? <Palette onClose={() => setFinding(false)} onHelp={() => setHelp(true)} /> : null}
        <Toasts />
      </div>
    </CrumbsProvider>
  );
}

/** A fragment link would resolve against the base element and leave the page. */
function skip(event: { preventDefault: () => void }): void {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

function Rail({ open, onToggle, onHelp }: { open: boolean; onToggle: () => void; onHelp: () => void }) {
  const { t } = useWords();
  const [path] = useLocation();
  const toggleWord = open ? "shell.collapse" : "shell.expand";
  const here = ["/experiments", "/runs", "/compare"].some((start) => path.startsWith(start));
  return (
    <nav className="rail" aria-label={t("shell.navigation")}>
      <Link href="/experiments" className="rail-brand" aria-label="Clew">
        <Mark />
        {open ? <span>Clew</span> : null}
      </Link>
      <Link href="/experiments" className="rail-item" title={t("shell.experiments")} aria-current={here ? "page" : undefined}>
        <RailInside icon="experiments" word={t("shell.experiments")} />
      </Link>
      <Link
        href="/models"
        className="rail-item"
        title={t("models.title")}
        aria-current={path.startsWith("/models") ? "page" : undefined}
      >
        <RailInside icon="box" word={t("models.title")} />
      </Link>
      <Link
        href="/webhooks"
        className="rail-item"
        title={t("webhooks.title")}
        aria-current={path.startsWith("/webhooks") ? "page" : undefined}
      >
        <RailInside icon="bell" word={t("webhooks.title")} />
      </Link>
      <div className="rail-space" />
      <button type="button" className="rail-item" title={t("shell.shortcuts")} onClick={onHelp}>
        <RailInside icon="keyboard" word={t("shell.shortcuts")} />
      </button>
      <button type="button" className="rail-item" title={t(toggleWord)} aria-expanded={open} onClick={onToggle}>
        <RailInside icon="rail" word={t(toggleWord)} />
      </button>
    </nav>
  );
}

/** Screen readers hear the word while the rail is narrow; the tooltip shows it. */
function RailInside({ icon, word }: { icon: IconName; word: string }) {
  return (
    <>
      <Icon name={icon} />
      <span className="rail-word">{word}</span>
    </>
  );
}

const LIVE_WORDS: Record<Connection, MessageKey> = {
  live: "live.on",
  reconnecting: "live.reconnecting",
  paused: "live.paused",
};

function LiveButton() {
  const { t } = useWords();
  const state = useSyncExternalStore(live.subscribe, live.get);
  return (
    <button
      type="button"
      className={`live live-${state}`}
      aria-pressed={state !== "paused"}
      title={t("live.hint")}
      onClick={live.toggle}
    >
      <i />
      {t(LIVE_WORDS[state])}
    </button>
  );
}

function ThemeMenu() {
  const { t } = useWords();
  const choice = useSyncExternalStore(theme.subscribe, theme.choice);
  const shown = useSyncExternalStore(theme.subscribe, theme.shown);
  return (
    <Menu<ThemeChoice>
      label={t("theme.label")}
      icon={shown === "dark" ? "moon" : "sun"}
      selected={choice}
      onSelect={theme.choose}
      choices={[
        { value: "light", label: t("theme.light"), icon: "sun" },
        { value: "dark", label: t("theme.dark"), icon: "moon" },
        { value: "system", label: t("theme.system"), icon: "system" },
      ]}
    />
  );
}

function LanguageMenu() {
  const { t, language } = useWords();
  const names = Object.entries(LANGUAGES) as [Language, string][];
  return (
    <Menu<Language>
      label={t("language.label")}
      icon="language"
      selected={language}
      onSelect={(next) => void chooseLanguage(next)}
      choices={names.map(([value, label]) => ({ value, label, lang: value }))}
    />
  );
}
