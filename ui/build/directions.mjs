// Refuses imports that go against the folder order, and network calls outside api/.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";

const ROOT = new URL("../src/", import.meta.url).pathname;

/** For each folder: what it may import. A path of two parts names one file. */
const MAY_IMPORT = {
  theme: [],
  i18n: [],
  api: [],
  data: ["api/types"],
  charts: ["data", "theme", "i18n"],
  parts: ["data", "theme", "i18n"],
  pages: ["parts", "charts", "data", "api", "theme", "i18n"],
};

const faults = [];
const files = readdirSync(ROOT, { recursive: true }).filter((name) => /\.tsx?$/.test(name));

for (const file of files) {
  const text = readFileSync(join(ROOT, file), "utf8");
  const folder = file.includes("/") ? file.split("/")[0] : "";
  if (folder !== "api" && /\b(?:fetch|XMLHttpRequest|EventSource|WebSocket)\(/.test(text)) {
    faults.push(`${file}: network calls belong to api/`);
  }
  if (folder === "") continue;
  const allowed = MAY_IMPORT[folder];
  if (!allowed) {
    faults.push(`${file}: the folder ${folder} has no place in the order`);
    continue;
  }
  for (const [, source] of text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)) {
    const target = relative(ROOT, normalize(join(ROOT, dirname(file), source)));
    const there = target.split("/")[0];
    const open = there === folder || allowed.some((name) => target === name || target.startsWith(`${name}/`));
    if (!open) faults.push(`${file}: may not import ${target}`);
  }
}

if (faults.length) {
  console.error(faults.join("\n"));
  process.exit(1);
}
console.log(`import directions: ${files.length} files, no fault`);
