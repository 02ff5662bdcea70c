/** Markdown as a tree of plain values, to be drawn by elements of our own: HTML in it stays text. */

export type Inline =
  | { kind: "text" | "code"; text: string }
  | { kind: "strong" | "em" | "gone"; children: Inline[] }
  | { kind: "link"; href: string; children: Inline[] }
  | { kind: "image"; source: string; text: string };

export type Block =
  | { kind: "heading"; level: number; children: Inline[] }
  | { kind: "paragraph"; children: Inline[] }
  /** language: the first word after the fence. */
  | { kind: "code"; language: string; text: string }
  | { kind: "quote"; children: Block[] }
  | { kind: "list"; ordered: boolean; start: number; items: Block[][] }
  | { kind: "table"; head: Inline[][]; rows: Inline[][][] }
  | { kind: "rule" };

const FENCE = /^ {0,3}(```+|~~~+)\s*([\w+-]*)/;
const HEADING = /^ {0,3}(#{1,6})\s+(.*?)\s*#*$/;
const RULE = /^ {0,3}(?:(?:\*\s*){3,}|(?:-\s*){3,}|(?:_\s*){3,})$/;
const ITEM = /^( {0,3})(?:([-*+])|(\d{1,9})[.)])(\s+)(.*)$/;
const TABLE_RULE = /^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$/;
/** Deeper nesting is drawn as text. */
const DEEPEST = 8;

export function readMarkdown(text: string): Block[] {
  return blocks(text.replaceAll("\r\n", "\n").split("\n"), 0);
}

function blocks(lines: readonly string[], depth: number): Block[] {
  const found: Block[] = [];
  let index = 0;
  const line = () => lines[index] ?? "";
  while (index < lines.length) {
    if (!line().trim()) {
      index += 1;
      continue;
    }
    const [, fence, language = ""] = line().match(FENCE) ?? [];
    if (fence) {
      const body: string[] = [];
      for (index += 1; index < lines.length && !line().trim().startsWith(fence); index += 1) body.push(line());
      index += 1;
      found.push({ kind: "code", language, text: body.join("\n") });
      continue;
    }
    const heading = line().match(HEADING);
    if (heading) {
      found.push({ kind: "heading", level: heading[1]?.length ?? 1, children: inline(heading[2] ?? "") });
      index += 1;
      continue;
    }
    if (RULE.test(line())) {
      found.push({ kind: "rule" });
      index += 1;
      continue;
    }
    if (depth < DEEPEST && /^ {0,3}>/.test(line())) {
      const body: string[] = [];
      for (; index < lines.length && /^ {0,3}>/.test(line()); index += 1) body.push(line().replace(/^ {0,3}> ?/, ""));
      found.push({ kind: "quote", children: blocks(body, depth + 1) });
      continue;
    }
    if (depth < DEEPEST && ITEM.test(line())) {
      const [list, next] = readList(lines, index, depth);
      found.push(list);
      index = next;
      continue;
    }
    if (line().includes("|") && TABLE_RULE.test(lines[index + 1] ?? "") && (lines[index + 1] ?? "").includes("-")) {
      const head = cells(line());
      const rows: Inline[][][] = [];
      for (index += 2; index < lines.length && line().includes("|"); index += 1) rows.push(cells(line()));
      found.push({ kind: "table", head, rows });
      continue;
    }
    const body = [line()];
    for (index += 1; index < lines.length && !interrupts(line()); index += 1) body.push(line());
    found.push({ kind: "paragraph", children: inline(body.join("\n")) });
  }
  return found;
}

const interrupts = (line: string) =>
  !line.trim() || FENCE.test(line) || HEADING.test(line) || RULE.test(line) || /^ {0,3}>/.test(line) || ITEM.test(line);

function readList(lines: readonly string[], from: number, depth: number): [Block, number] {
  const first = lines[from]?.match(ITEM);
  const ordered = first?.[3] !== undefined;
  const items: string[][] = [];
  let index = from;
  let indent = 0;
  for (; index < lines.length; index += 1) {
    const line = lines[index] ?? "";
    const item = line.match(ITEM);
    if (item && (item[3] !== undefined) === ordered && (items.length === 0 || (item[1]?.length ?? 0) < indent)) {
      indent = line.length - (item[5]?.length ?? 0);
      items.push([item[5] ?? ""]);
    } else if (line.trim() && line.match(/^ */)?.[0].length) items.at(-1)?.push(line.slice(Math.min(indent, line.match(/^ */)?.[0].length ?? 0)));
    else if (!line.trim() && /^\s+\S/.test(lines[index + 1] ?? "")) items.at(-1)?.push("");
    else if (!line.trim() && ITEM.test(lines[index + 1] ?? "")) continue;
    else break;
  }
  const list: Block = { kind: "list", ordered, start: Number(first?.[3] ?? 1), items: items.map((body) => blocks(body, depth + 1)) };
  return [list, index];
}

const cells = (line: string) =>
  line
    .trim()
    .replace(/^\|/, "")
    .replace(/\|$/, "")
    .split(/(?<!\\)\|/)
    .map((cell) => inline(cell.trim().replaceAll("\\|", "|")));

const INLINE =
  /\\([\\`*_{}[\]()#+\-.!|~<>])|(`+)([\s\S]*?[^`])\2(?!`)|!\[([^\]\n]*)\]\(([^()\s]+)\)|\[([^\]\n]+)\]\(([^()\s]+)(?:\s+"[^"\n]*")?\)|<(https?:\/\/[^>\s]+)>|\*\*(?=\S)([\s\S]+?\S)\*\*|__(?=\S)([\s\S]+?\S)__(?!\w)|~~(?=\S)([\s\S]+?\S)~~|\*(?=[^\s*])([^*]*[^\s*])\*|(?<!\w)_(?=[^\s_])([^_]*[^\s_])_(?!\w)/;

/** The texts of a paragraph, with emphasis, code and links. */
export function inline(text: string): Inline[] {
  const found: Inline[] = [];
  let rest = text;
  while (rest) {
    const match = rest.match(INLINE);
    if (!match || match.index === undefined) break;
    if (match.index > 0) found.push({ kind: "text", text: rest.slice(0, match.index) });
    found.push(...spanOf(match));
    rest = rest.slice(match.index + match[0].length);
  }
  if (rest) found.push({ kind: "text", text: rest });
  return found;
}

function spanOf(match: RegExpMatchArray): Inline[] {
  const [whole, plain, , code, alt, source, label, href, bare, strong, strong2, gone, em, em2] = match;
  if (plain !== undefined) return [{ kind: "text", text: plain }];
  if (code !== undefined) return [{ kind: "code", text: code.trim() }];
  if (source !== undefined) return [{ kind: "image", source, text: alt ?? "" }];
  const target = href ?? bare;
  if (target !== undefined) {
    const children = label === undefined ? [{ kind: "text" as const, text: target }] : inline(label);
    // Only addresses that lead to pages: "javascript:" and the like stay text.
    return /^https?:\/\//i.test(target) ? [{ kind: "link", href: target, children }] : children;
  }
  const bold = strong ?? strong2;
  if (bold !== undefined) return [{ kind: "strong", children: inline(bold) }];
  if (gone !== undefined) return [{ kind: "gone", children: inline(gone) }];
  const slanted = em ?? em2;
  return slanted === undefined ? [{ kind: "text", text: whole }] : [{ kind: "em", children: inline(slanted) }];
}

/** The path in a run's files that a relative address in one of them means; null for others. */
export function fileBeside(path: string, source: string): string | null {
  if (/^[a-z][\w+.-]*:|^\/|^#/i.test(source)) return null;
  const parts = path.split("/").slice(0, -1);
  for (const part of source.split(/[?#]/, 1)[0]?.split("/") ?? []) {
    if (part === "..") {
      if (parts.pop() === undefined) return null;
    } else if (part && part !== ".") parts.push(part);
  }
  return parts.length ? parts.join("/") : null;
}
