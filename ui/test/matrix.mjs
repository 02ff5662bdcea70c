// Every page and dialog in both themes and languages: nothing wider than the window, no cut text, no untranslated key, no axe
// violation; dialogs take the focus, close with Escape and give it back.
// node test/matrix.mjs ADDRESS EXPERIMENT_ID RUN_ID   (what the seeded store must hold: tests/ui/test_smoke.py)
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { settle } from "../dev/states.mjs";
import { openBrowser } from "./browser.mjs";
import { dialogs, wordsOf } from "./dialogs.mjs";

const [address, experimentId, runId] = process.argv.slice(2);
const { page, noViolations, run } = await openBrowser(address, /40[04]/); // for addresses that name nothing, and filters that cannot be read
const KEYS = new Set(Object.keys(JSON.parse(readFileSync(new URL("../src/i18n/en.json", import.meta.url), "utf8"))));
const WIDTHS = [768, 1920, 1280];
/** Colours, names and roles do not depend on the width. */
const JUDGED = 1280;
const runs = `/experiments/${experimentId}/runs`;
const charts = `/experiments/${experimentId}/charts`;
const model = "/models/wine_quality";
const PAGES = {
  experiments: "/experiments",
  "an empty experiment": "/experiments/0/runs",
  runs,
  "runs in groups": `${runs}?grp=p.optimizer&q=metrics.acc > 0.1`,
  "a filter with a fault": `${runs}?q=metrics.acc >`,
  charts,
  "table and charts": `${charts}?lay=split`,
  comparison: `/compare?runs=${runId}&base=${runId}`,
  "compared curves": `/compare?runs=${runId}&tab=curves`,
  "compared code": `/compare?runs=${runId}&tab=code`,
  "a run": `/runs/${runId}`,
  "its metrics": `/runs/${runId}/metrics`,
  "its system metrics": `/runs/${runId}/system`,
  "its logs": `/runs/${runId}/logs`,
  "what reproduces it": `/runs/${runId}/reproduce`,
  "its tree": `/runs/${runId}/tree`,
  "its code": `/runs/${runId}/artifacts/train.py`,
  "its files": `/runs/${runId}/artifacts/folder/note.txt`,
  models: "/models",
  "a model": model,
  "a model at a time": `${model}?at=2020-01-01T00:00:00.000Z`,
  "a version": `${model}/versions/1`,
  "compared versions": `${model}/compare?v=2,1`,
  webhooks: "/webhooks",
  "no such model": "/models/none",
  nothing: "/no/such/page",
};

/** What every setting of a page must hold. */
async function check(name, width = JUDGED) {
  const { wide, cut, words } = await page.evaluate(() => {
    const shown = (element) => element.checkVisibility() && !element.closest(".hidden-text, .rail-word, [aria-hidden=true]");
    const holdsText = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    const cuts = (element) => {
      const { overflowX, textOverflow } = getComputedStyle(element);
      return /hidden|clip/.test(overflowX) && textOverflow !== "ellipsis" && element.scrollWidth > element.clientWidth + 1;
    };
    const leaves = (element) => {
      const box = element.getBoundingClientRect();
      return box.left < 0 || box.right > innerWidth + 1 || box.top < 0 || box.bottom > innerHeight + 1;
    };
    const all = [...document.querySelectorAll("#root *, dialog *, .popover *")];
    return {
      wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
      cut: [
        ...all.filter((element) => holdsText(element) && shown(element) && cuts(element)),
        ...[...document.querySelectorAll("dialog[open], .popover")].filter(leaves),
      ].map((element) => element.outerHTML.slice(0, 120)),
      words: document.body.innerText.split(/\s+/).concat(
        [...document.querySelectorAll("[aria-label], [title], [placeholder]")].flatMap((element) =>
          ["aria-label", "title", "placeholder"].map((attribute) => element.getAttribute(attribute) ?? ""),
        ),
      ),
    };
  });
  assert.ok(wide <= 0, `${name} is ${wide} px wider than the window`);
  assert.deepEqual(cut, [], `cut in ${name}`);
  assert.deepEqual(words.filter((word) => KEYS.has(word)), [], `untranslated keys in ${name}`);
  if (width === JUDGED) await noViolations(name);
}

async function checkPages(setting, html, theme) {
  for (const [name, path] of Object.entries(PAGES)) {
    await page.goto(`${address}${path}`);
    await settle(page);
    assert.equal(await page.locator("html").getAttribute("lang"), html);
    assert.equal(await page.locator("html").getAttribute("data-theme"), theme);
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 800 });
      await page.waitForTimeout(300);
      await check(`${name}, ${setting}, ${width} px`, width);
    }
  }
}

async function checkDialogs(setting, language) {
  let here = "";
  await page.setViewportSize({ width: 1280, height: 800 });
  const all = dialogs(page, wordsOf(language), { runs, charts, run: `/runs/${runId}`, model });
  for (const [name, { path, role = "dialog", open }] of Object.entries(all)) {
    if (path !== here) {
      await page.goto(`${address}${path}`);
      await settle(page);
      here = path;
    }
    await page.locator("#main").focus();
    await open();
    const panel = page.getByRole(role).last();
    await panel.waitFor();
    const inside = () => panel.evaluate((element) => element.contains(document.activeElement));
    assert.ok(await inside(), `${name} takes the focus, ${setting}`);
    await check(`${name}, ${setting}`);
    await page.keyboard.press("Escape");
    await panel.waitFor({ state: "detached" });
    assert.ok(await page.evaluate(() => document.activeElement !== document.body), `${name} gives the focus back, ${setting}`);
    // What was selected for a dialog of the bar of selected runs.
    if (await page.locator(".bulk").count()) here = "";
  }
}

const steps = {};
for (const [language, html] of [["en", "en"], ["zh-CN", "zh-CN"]]) {
  for (const theme of ["light", "dark"]) {
    const setting = `${language}, ${theme}`;
    const choose = async () => {
      await page.goto(`${address}/experiments`);
      await page.evaluate(([a, b]) => {
        localStorage.setItem("clew.language", a);
        localStorage.setItem("clew.theme", b);
      }, [language, theme]);
    };
    steps[`pages, ${setting}`] = async () => {
      await choose();
      await checkPages(setting, html, theme);
    };
    steps[`dialogs, ${setting}`] = async () => {
      await choose();
      await checkDialogs(setting, language);
    };
  }
}
await run(steps);
