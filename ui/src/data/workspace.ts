/**
 * How a charts page is shown, as the address says it: `?x=&sm=&smk=&log=&out=&find=&top=&hide=&only=&by=&band=&ch=&rm=&ord=&pt=&shut=`.
 * Unknown fields are left alone, broken ones ignored.
 */
import { readable, setOrDrop } from "./address";
import { MAX_SMOOTHING } from "./chartview";
import { columnKind, isColumnId } from "./columns";
import { type DimensionId } from "./dimension";
import { BANDS, SMOOTHINGS, type Band, type Smoothing } from "./lines";
import { nextId, RULES, type Changes, type Fields, type PanelKind, type PanelSpec } from "./panels";

/** What x counts: steps, wall time, time since the run's start, or a metric ("m.epoch"). */
export type LineAxis = string;

/** What one panel has for itself. */
export interface Tweak {
  /** Of twelve columns. */
  w?: number;
  /** Of rows of 40 px. */
  h?: number;
  log?: boolean;
  trim?: boolean;
  axis?: LineAxis;
  smoothing?: number;
}

export interface Workspace extends Changes {
  axis: LineAxis;
  smoothing: number;
  smoothingKind: Smoothing;
  logarithmic: boolean;
  /** Whether outliers are cut off. */
  trim: boolean;
  find: string;
  /** How many runs are drawn, from the top of the table. */
  top: number;
  hidden: readonly string[];
  /** If any, only these of the drawn runs are seen. */
  only: readonly string[];
  /** What runs are put together by; null draws each. */
  group: DimensionId | null;
  band: Band;
  tweaks: Readonly<Record<string, Tweak>>;
  /** Sections that are closed; "-name" for one that is open though closed at first. */
  shut: readonly string[];
}

export const TOPS = [10, 20, 50, 100, 200, 1000] as const;
export const PLAIN_WORKSPACE: Workspace = {
  axis: "step",
  smoothing: 0,
  smoothingKind: "ema",
  logarithmic: false,
  trim: false,
  find: "",
  top: 20,
  hidden: [],
  only: [],
  group: null,
  band: "sd",
  panels: [],
  removed: [],
  order: [],
  tweaks: {},
  shut: [],
};

const MARKS = ["~", ",", ":", ";", "="] as const;
const escapeText = (text: string) => MARKS.reduce((done, mark, index) => done.replaceAll(mark, `~${index}`), text);
const unescapeText = (text: string) => text.replaceAll(/~([0-4])/g, (_all, index: string) => MARKS[Number(index)] ?? "");

const list = (text: string | null) => (text ? text.split(",").map(unescapeText) : []);
const unlist = (items: readonly string[]) => (items.length ? items.map(escapeText).join(",") : null);

const isAxis = (text: string) => text === "step" || text === "time" || text === "relative" || (isColumnId(text) && columnKind(text) === "metric");
const isAmount = (value: number) => value > 0 && value <= MAX_SMOOTHING;
const whole = (text: string, low: number, high: number) => {
  const value = Number(text);
  return Number.isInteger(value) && value >= low && value <= high ? value : null;
};

function readPanel(text: string): PanelSpec[] {
  const [id = "", kind = "", ...rest] = text.split(":");
  if (!id || !Object.hasOwn(RULES, kind)) return [];
  const fields: Record<string, readonly string[]> = {};
  for (const part of rest) {
    const [name = "", values = ""] = part.split("=");
    if (RULES[kind as PanelKind].some((rule) => rule.name === name)) fields[name] = values.split(";").map(unescapeText);
  }
  return [{ id: unescapeText(id), kind: kind as PanelKind, fields }];
}

const writeFields = (fields: Fields) =>
  Object.entries(fields)
    .filter(([, values]) => values.length)
    .map(([name, values]) => `:${name}=${values.map(escapeText).join(";")}`)
    .join("");

function readTweak(text: string): [string, Tweak][] {
  const [id = "", ...rest] = text.split(":");
  const tweak: Tweak = {};
  for (const part of rest) {
    const [name, value = ""] = part.split("=");
    if (name === "w") tweak.w = whole(value, 2, 12) ?? undefined;
    if (name === "h") tweak.h = whole(value, 4, 30) ?? undefined;
    if (name === "log") tweak.log = value === "1";
    if (name === "out") tweak.trim = value === "1";
    if (name === "x" && isAxis(unescapeText(value))) tweak.axis = unescapeText(value);
    if (name === "sm" && (isAmount(Number(value)) || value === "0")) tweak.smoothing = Number(value);
  }
  const known = Object.fromEntries(Object.entries(tweak).filter(([, value]) => value !== undefined)) as Tweak;
  return id && Object.keys(known).length ? [[unescapeText(id), known]] : [];
}

function writeTweak([id, tweak]: [string, Tweak]): string {
  const { w, h, log, trim, axis, smoothing } = tweak;
  const flag = (value: boolean | undefined) => (value === undefined ? undefined : Number(value));
  const parts = { w, h, log: flag(log), out: flag(trim), x: axis && escapeText(axis), sm: smoothing };
  const written = Object.entries(parts).filter(([, value]) => value !== undefined);
  return escapeText(id) + written.map(([name, value]) => `:${name}=${value}`).join("");
}

/** Reads a charts page from an address's query part. */
export function decodeWorkspace(search: string): Workspace {
  const query = new URLSearchParams(search);
  const axis = query.get("x") ?? "";
  const smoothing = Number(query.get("sm") ?? 0);
  const group = query.get("by") ?? "";
  const items = (name: string) => query.get(name)?.split(",") ?? [];
  return {
    axis: isAxis(axis) ? axis : "step",
    smoothing: isAmount(smoothing) ? smoothing : 0,
    smoothingKind: SMOOTHINGS.find((kind) => kind === query.get("smk")) ?? "ema",
    logarithmic: query.get("log") === "1",
    trim: query.get("out") === "1",
    find: query.get("find") ?? "",
    top: TOPS.find((count) => String(count) === query.get("top")) ?? PLAIN_WORKSPACE.top,
    hidden: list(query.get("hide")),
    only: list(query.get("only")),
    group: isColumnId(group) ? group : null,
    band: BANDS.find((band) => band === query.get("band")) ?? "sd",
    panels: items("ch").flatMap(readPanel),
    removed: list(query.get("rm")),
    order: list(query.get("ord")),
    tweaks: Object.fromEntries(items("pt").flatMap(readTweak)),
    shut: list(query.get("shut")),
  };
}

/** The query part for a charts page, without "?"; fields of `search` that are not ours stay. */
export function encodeWorkspace(workspace: Workspace, search = ""): string {
  const query = new URLSearchParams(search);
  const plain = PLAIN_WORKSPACE;
  const put = <T,>(name: string, value: T, standard: T, text: string | null) =>
    setOrDrop(query, name, value === standard ? null : text);
  put("x", workspace.axis, plain.axis, workspace.axis);
  put("sm", workspace.smoothing, 0, String(workspace.smoothing));
  put("smk", workspace.smoothingKind, plain.smoothingKind, workspace.smoothingKind);
  put("log", workspace.logarithmic, false, "1");
  put("out", workspace.trim, false, "1");
  put("find", workspace.find, "", workspace.find);
  put("top", workspace.top, plain.top, String(workspace.top));
  setOrDrop(query, "hide", unlist(workspace.hidden));
  setOrDrop(query, "only", unlist(workspace.only));
  setOrDrop(query, "by", workspace.group);
  put("band", workspace.band, plain.band, workspace.band);
  setOrDrop(query, "ch", workspace.panels.map((spec) => `${escapeText(spec.id)}:${spec.kind}${writeFields(spec.fields)}`).join(",") || null);
  setOrDrop(query, "rm", unlist(workspace.removed));
  setOrDrop(query, "ord", unlist(workspace.order));
  setOrDrop(query, "pt", Object.entries(workspace.tweaks).map(writeTweak).join(",") || null);
  setOrDrop(query, "shut", unlist(workspace.shut));
  return readable(query);
}

/** With a panel's own settings changed; undefined takes one back. */
export function withTweak(workspace: Workspace, id: string, change: { [Name in keyof Tweak]?: Tweak[Name] | undefined }): Workspace {
  const merged = { ...workspace.tweaks[id], ...change };
  const kept = Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== undefined)) as Tweak;
  const others = Object.fromEntries(Object.entries(workspace.tweaks).filter(([other]) => other !== id));
  return { ...workspace, tweaks: Object.keys(kept).length ? { ...others, [id]: kept } : others };
}

/** With a panel added, or in the place of the one with its id. */
export function withPanel(workspace: Workspace, spec: PanelSpec): Workspace {
  const at = workspace.panels.findIndex((other) => other.id === spec.id);
  return {
    ...workspace,
    panels: at < 0 ? [spec, ...workspace.panels] : workspace.panels.with(at, spec),
    removed: workspace.removed.filter((id) => id !== spec.id),
  };
}

/** An id for one more panel. */
export const nextIdOf = (workspace: Workspace) => nextId(workspace.panels);

/** Without a panel; one that stands there by itself is remembered as taken away. */
export function withoutPanel(workspace: Workspace, id: string): Workspace {
  const added = /^c\d+$/.test(id);
  return {
    ...workspace,
    panels: workspace.panels.filter((spec) => spec.id !== id),
    order: workspace.order.filter((other) => other !== id),
    removed: added ? workspace.removed : [...workspace.removed, id],
  };
}

/** With a panel moved to the place of another one in its section, whose panels are `section`. */
export function moved(workspace: Workspace, section: readonly string[], id: string, target: string): Workspace {
  const [from, to] = [section.indexOf(id), section.indexOf(target)];
  if (from < 0 || to < 0 || from === to) return workspace;
  const next = section.toSpliced(from, 1).toSpliced(to, 0, id);
  return { ...workspace, order: [...workspace.order.filter((other) => !section.includes(other)), ...next] };
}

/** Whether a section is open; those of `closed` are shut at first. */
export function isOpen(workspace: Workspace, section: string, closed: boolean): boolean {
  return closed ? workspace.shut.includes(`-${section}`) : !workspace.shut.includes(section);
}

export function toggleSection(workspace: Workspace, section: string, closed: boolean): Workspace {
  const name = closed ? `-${section}` : section;
  const shut = workspace.shut.includes(name) ? workspace.shut.filter((other) => other !== name) : [...workspace.shut, name];
  return { ...workspace, shut };
}
