// Every page in both themes, both languages and three widths: nothing wider than the window, no untranslated key, no axe violation.
// node test/matrix.mjs ADDRESS EXPERIMENT_ID RUN_ID   (what the seeded store must hold: tests/ui/test_smoke.py)
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { settle } from "../dev/states.mjs";
import { openBrowser } from "./browser.mjs";

const [address, experimentId, runId] = process.argv.slice(2);
const { page, noViolations, run } = await openBrowser(address, /404/); // for addresses that name nothing
const KEYS = new Set(Object.keys(JSON.parse(readFileSync(new URL("../src/i18n/en.json", import.meta.url), "utf8"))));
const WIDTHS = [768, 1280, 1920];
const runs = `/experiments/${experimentId}/runs`;
const PAGES = {
  experiments: "/experiments",
  "an empty experiment": "/experiments/0/runs",
  runs,
  "runs in groups": `${runs}?grp=p.optimizer&q=metrics.acc > 0.1`,
  charts: `/experiments/${experimentId}/charts`,
  "table and charts": `/experiments/${experimentId}/charts?lay=split`,
  comparison: `/compare?runs=${runId}&base=${runId}`,
  "a run": `/runs/${runId}`,
  "its metrics": `/runs/${runId}/metrics`,
  "its files": `/runs/${runId}/artifacts/folder/note.txt`,
  nothing: "/no/such/page",
};

/** What every setting of a page must hold. */
async function check(name) {
  const { wide, words } = await page.evaluate(() => ({
    wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    words: document.body.innerText.split(/\s+/).concat(
      [...document.querySelectorAll("[aria-label], [title], [placeholder]")].flatMap((element) =>
        ["aria-label", "title", "placeholder"].map((attribute) => element.getAttribute(attribute) ?? ""),
      ),
    ),
  }));
  assert.ok(wide <= 0, `${name} is ${wide} px wider than the window`);
  assert.deepEqual(words.filter((word) => KEYS.has(word)), [], `untranslated keys in ${name}`);
  await noViolations(name);
}

const steps = {};
for (const [language, html] of [["en", "en"], ["zh-CN", "zh-CN"]]) {
  for (const theme of ["light", "dark"]) {
    steps[`${language}, ${theme}`] = async () => {
      await page.goto(`${address}/experiments`);
      await page.evaluate(([a, b]) => {
        localStorage.setItem("clew.language", a);
        localStorage.setItem("clew.theme", b);
      }, [language, theme]);
      for (const [name, path] of Object.entries(PAGES)) {
        await page.goto(`${address}${path}`);
        await settle(page);
        assert.equal(await page.locator("html").getAttribute("lang"), html);
        assert.equal(await page.locator("html").getAttribute("data-theme"), theme);
        for (const width of WIDTHS) {
          await page.setViewportSize({ width, height: 800 });
          await page.waitForTimeout(300);
          await check(`${name}, ${language}, ${theme}, ${width} px`);
        }
      }
    };
  }
}
await run(steps);
