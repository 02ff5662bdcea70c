// Makes pictures of the 12 states: own server on loopback, own store, both themes, at 1280 and 1920 px, and in Chinese.
// node dev/screenshots.mjs FOLDER PYTHON   (make screenshots)
// node dev/screenshots.mjs FOLDER PYTHON tour   the few pictures of the documentation's tour and tutorial   (make docs)
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";
import { openState, states, tour } from "./states.mjs";

const [folder = "../screenshots", python = "python3", what = "states"] = process.argv.slice(2);
const forDocs = what === "tour";
const SEED = new URL("seed.py", import.meta.url).pathname;
const ALL_SETTINGS = [
  { language: "en", theme: "light", width: 1280, height: 800 },
  { language: "en", theme: "dark", width: 1280, height: 800 },
  { language: "en", theme: "light", width: 1920, height: 1080 },
  { language: "en", theme: "dark", width: 1920, height: 1080 },
  { language: "zh-CN", theme: "light", width: 1280, height: 800 },
  { language: "zh-CN", theme: "dark", width: 1920, height: 1080 },
];
const SETTINGS = forDocs ? ALL_SETTINGS.slice(0, 1) : ALL_SETTINGS;
const place = mkdtempSync(join(tmpdir(), "clew-screenshots-"));
const environment = { ...process.env, CLEW_SPOOL: join(place, "spool"), PYTHONUNBUFFERED: "1", OPENBLAS_NUM_THREADS: "1" };

/** The last line of a command's output for which `wanted` answers something. */
async function lineOf(child, wanted) {
  let found = null;
  for await (const line of createInterface({ input: child.stdout })) {
    found = wanted(line) ?? found;
    if (found && child === server) return found;
  }
  return found;
}

const command = resolve(python);
const server = spawn(command, ["-m", "clew", "ui", "--no-open", "--port", "0", "--store", "store"], {
  cwd: place,
  env: environment,
  stdio: ["ignore", "pipe", "ignore"],
});
let browser = null;
try {
  const address = await lineOf(server, (line) => /http:\/\/[\w.:]+\d/.exec(line)?.[0]);
  if (!address) throw new Error("the server did not start");
  console.log("filling a store");
  const seed = spawn(command, [SEED, what], {
    cwd: place,
    env: { ...environment, CLEW_TRACKING_URI: address },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ids = await lineOf(seed, (line) => (line.startsWith("{") ? JSON.parse(line) : undefined));
  if (!ids) throw new Error("the store could not be filled");
  mkdirSync(folder, { recursive: true });
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find(existsSync),
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
  });
  const missing = new Set();
  let count = 0;
  for (const { language, theme, width, height } of SETTINGS) {
    const context = await browser.newContext({ viewport: { width, height }, locale: language, colorScheme: theme });
    for (const [name, state] of Object.entries(forDocs ? tour(ids) : states(ids))) {
      const page = await context.newPage();
      if (await openState(page, address, state)) {
        const file = forDocs ? `${name}.png` : `${name}-${language}-${theme}-${width}.png`;
        await page.screenshot({ path: join(folder, file) });
        count += 1;
      } else {
        missing.add(name);
      }
      await page.close();
    }
    await context.close();
  }
  console.log(`${count} pictures in ${resolve(folder)}`);
  for (const name of missing) console.log(`no picture of ${name}: there is no such page yet`);
} finally {
  await browser?.close();
  if (server.exitCode === null) {
    server.kill("SIGTERM");
    await once(server, "exit");
  }
  rmSync(place, { recursive: true, force: true });
}
