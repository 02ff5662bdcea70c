// Opens the pages of a running server in Chromium and checks that they do what they promise.
// node test/smoke.mjs ADDRESS EXPERIMENT_ID RUN_ID   (what the seeded store must hold: tests/ui/test_smoke.py)
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const [address, experimentId, runId] = process.argv.slice(2);
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const profile = mkdtempSync(join(tmpdir(), "clew-ui-"));
const context = await chromium.launchPersistentContext(profile, {
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
  viewport: { width: 1280, height: 800 },
  locale: "en-US",
  colorScheme: "light",
});
context.setDefaultTimeout(15_000);
const page = context.pages()[0] ?? (await context.newPage());

const faults = [];
let allowed = /^$/;
const left = (request) => `a request left the origin: ${request.url()}`;
page.on("request", (request) => {
  if (!request.url().startsWith(`${address}/`)) faults.push(left(request));
});
// What the page's policy stops has not left.
page.on("requestfailed", (request) => {
  if (request.failure()?.errorText === "csp" && faults.includes(left(request))) faults.splice(faults.indexOf(left(request)), 1);
});
page.on("pageerror", (error) => faults.push(`uncaught: ${error.message}`));
page.on("console", (message) => {
  if (message.type() === "error" && !allowed.test(message.text())) faults.push(`console: ${message.text()} ${message.location().url}`);
});

async function noViolations(name) {
  await page.evaluate(AXE);
  const found = await page.evaluate(async () => (await globalThis.axe.run()).violations);
  const words = found.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).slice(0, 3).join(" | ")}`);
  assert.deepEqual(words, [], `accessibility of ${name}`);
}

/** Calls of the API since the list was emptied. */
const asked = [];
const MAX_REQUESTS = 8;
page.on("request", (request) => {
  if (/api\//.test(request.url())) asked.push(new URL(request.url()).pathname);
});

const grid = page.getByRole("grid", { name: "Runs" });
const filter = page.getByRole("combobox", { name: "Filter runs" });
const header = (name) => page.getByRole("columnheader", { name, exact: true });
const foot = (text) => page.getByRole("status").filter({ hasText: text }).first().waitFor();
const firstName = () => page.locator('[aria-rowindex="3"] a').textContent();

const steps = {
  async "experiments list"() {
    await page.goto(`${address}/`);
    await page.getByRole("heading", { level: 1, name: "Experiments" }).waitFor();
    assert.equal(new URL(page.url()).pathname, "/experiments");
    await page.getByRole("row", { name: /demo\/first\s+12\s/ }).waitFor();
    await noViolations("the experiments list");
    await page.getByRole("button", { name: "New experiment" }).click();
    await page.getByRole("textbox", { name: "Name" }).fill("demo/first");
    await page.getByText("There is an experiment of this name already").waitFor();
    await page.getByRole("textbox", { name: "Name" }).fill("demo/second");
    await noViolations("a new experiment");
    await page.getByRole("button", { name: "Create", exact: true }).click();
    await page.getByRole("button", { name: "Star demo/second" }).click();
    await page.getByRole("button", { name: "Starred" }).click();
    await page.getByRole("link", { name: "demo/first" }).waitFor({ state: "detached" });
    await page.getByRole("checkbox", { name: "Select demo/second" }).check();
    await page.getByRole("toolbar").getByRole("button", { name: "Delete" }).click();
    await page.getByText("1 experiment moved to the trash").waitFor();
    await page.getByRole("button", { name: "All experiments" }).click();
    await page.getByRole("searchbox", { name: "Filter by name" }).fill("nothing like it");
    await page.getByText("No experiment has").waitFor();
    await page.getByRole("button", { name: "Clear the filter" }).click();
    asked.length = 0;
    await page.getByRole("link", { name: "demo/first" }).click();
  },

  async "runs table"() {
    await grid.waitFor();
    assert.ok(asked.length <= MAX_REQUESTS, `requests before the first row: ${asked}`);
    assert.match(page.url(), new RegExp(`/experiments/${experimentId}/runs$`));
    await foot("12 runs");
    assert.equal(await grid.getAttribute("aria-rowcount"), "14");
    assert.equal(await page.title(), "demo/first · Clew");
    assert.equal(await page.evaluate(() => document.activeElement?.tagName), "H1");
    for (const name of ["Name", "Status", "lr", "acc"]) await header(name).waitFor();
    assert.equal(await header("framework").count(), 0, "params that do not vary are not shown");
    assert.equal(await firstName(), "run-11", "newest first");
    await noViolations("the runs table");
  },

  async "sort and filter"() {
    await header("acc").getByRole("button").click();
    await page.waitForURL(/sort=-m\.acc/);
    assert.equal(await header("acc").getAttribute("aria-sort"), "descending");
    await page.waitForFunction(() => document.querySelector('[aria-rowindex="3"] a')?.textContent === "run-0");
    await filter.fill("metrics.acc > 0.85 and params.optimizer =");
    await page.locator(".filter-fault").waitFor();
    assert.equal(await firstName(), "run-0", "rows stay while the filter is half typed");
    await filter.fill("metrics.acc >> 0.85");
    await page.locator(".filter-mirror u").waitFor();
    assert.equal(await grid.getAttribute("aria-busy"), "true", "and are dimmed when it is wrong");
    assert.equal(await filter.getAttribute("aria-invalid"), "true");
    await filter.fill("metrics.acc > 0.85 and params.optimizer = 'adam'");
    await foot("3 of 12 runs match");
    await page.reload();
    await foot("3 of 12 runs match");
    assert.equal(await filter.inputValue(), "metrics.acc > 0.85 and params.optimizer = 'adam'");
    assert.equal(await header("acc").getAttribute("aria-sort"), "descending");
    await filter.fill("metrics.acc > 5");
    await page.getByRole("heading", { name: "No run matches this filter" }).waitFor();
    await page.getByRole("button", { name: "Clear the filter" }).last().click();
    await foot("12 runs");
  },

  async "filter by keyboard, with what the server completes"() {
    await filter.fill("");
    await filter.press("End");
    await page.keyboard.type("opti");
    await page.getByRole("option", { name: /params\.optimizer/ }).waitFor();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.keyboard.type("= ");
    await page.getByRole("option", { name: /'sgd'/ }).waitFor();
    await noViolations("the completions");
    await page.keyboard.type("'sg");
    await page.keyboard.press("Tab");
    await foot("6 of 12 runs match");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Escape");
    await page.getByRole("list", { name: "Conditions" }).getByText("params.optimizer = 'sgd'").waitFor();
    await page.getByRole("button", { name: "Remove params.optimizer = 'sgd'" }).click();
    await foot("12 runs");
  },

  async "groups"() {
    await page.getByRole("button", { name: /^Group/ }).click();
    await page.getByRole("combobox", { name: "Group by…" }).fill("optim");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Escape");
    await page.waitForURL(/grp=p\.optimizer/);
    const tree = page.getByRole("treegrid", { name: "Runs" });
    await tree.getByRole("row", { name: /optimizer = adam 6 .*±/ }).waitFor();
    await page.locator("[data-toggle]").first().click();
    await page.waitForFunction(() => document.querySelectorAll('[aria-level="2"]').length === 6);
    await noViolations("groups");
    await page.goBack();
    await grid.waitFor();
  },

  async "select, delete, undo"() {
    await page.locator('[aria-rowindex="3"] .grid-select').click();
    await page.locator('[aria-rowindex="5"] .grid-select').click({ modifiers: ["Shift"] });
    await page.getByText("3 runs selected").waitFor();
    await noViolations("selected runs");
    await page.getByRole("button", { name: "Delete" }).click();
    await page.getByText("3 runs moved to the trash").waitFor();
    await foot("9 runs");
    await page.getByRole("button", { name: "Undo" }).click();
    await foot("12 runs");
    await page.keyboard.press("Control+a");
    await page.getByText("12 runs selected").waitFor();
    const [table] = await Promise.all([
      page.waitForEvent("download"),
      page
        .getByRole("button", { name: "Export" })
        .click()
        .then(() => page.getByRole("menuitem", { name: "CSV" }).click()),
    ]);
    const lines = readFileSync(await table.path(), "utf8").trim().split("\r\n");
    assert.equal(lines.length, 13, "a header and a line per run");
    await page.getByRole("button", { name: "Clear", exact: true }).click();
  },

  async "pins, baseline and the value of a metric"() {
    await page.locator('[aria-rowindex="4"] [role="gridcell"]').nth(2).click();
    await page.keyboard.press("p");
    await page.locator(".grid-top .grid-row").first().waitFor();
    await page.keyboard.press("b");
    await page.locator(".grid-delta", { hasText: "baseline" }).first().waitFor();
    await header("acc").hover();
    await page.getByRole("button", { name: "Menu of acc" }).click();
    await noViolations("a column's menu");
    await page.getByRole("menuitemradio", { name: /^Max/ }).click();
    await page.waitForURL(/max\.acc/);
    assert.match(page.url(), /pin=[0-9a-f]{32}&base=[0-9a-f]{32}/);
    await page.goto(`${address}/experiments/${experimentId}/runs`);
    await grid.waitFor();
  },

  async "views and the palette"() {
    await filter.fill("params.optimizer = 'adam'");
    await foot("6 of 12 runs match");
    await page.getByRole("button", { name: "Views" }).click();
    await page.getByRole("textbox", { name: "Name of this view" }).fill("adam only");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "adam only", exact: true }).waitFor();
    await noViolations("the views");
    await page.keyboard.press("Escape");
    await filter.fill("");
    await foot("12 runs");
    await page.getByRole("button", { name: "Views" }).click();
    await page.getByRole("button", { name: "adam only", exact: true }).click();
    await foot("6 of 12 runs match");
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox", { name: /^Experiment, run/ }).fill("run-7");
    await page.getByRole("option", { name: /^run-7/ }).waitFor();
    await noViolations("the palette");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "run-7" }).waitFor();
    await page.goto(`${address}/experiments/${experimentId}/runs`);
    await grid.waitFor();
  },

  async "columns and keys"() {
    await page.getByRole("button", { name: /^Columns/ }).click();
    await page.getByRole("checkbox", { name: /framework/ }).check();
    await page.keyboard.press("Escape");
    await header("framework").waitFor();
    assert.match(page.url(), /cols=[^&]*p\.framework/);
    await page.locator('[aria-rowindex="3"] [role="gridcell"]').first().click();
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/runs\/[0-9a-f]{32}$/);
  },

  async "back to the same place"() {
    const opened = await page.getByRole("heading", { level: 1 }).textContent();
    await page.goBack();
    await page.locator(".grid-row-active").getByRole("link", { name: opened ?? "", exact: true }).waitFor();
    await page.keyboard.press("k");
    assert.equal(await page.evaluate(() => document.activeElement?.getAttribute("role")), "grid", "k goes into the table");
  },

  async "run page"() {
    await page.goto(`${address}/#/experiments/${experimentId}/runs/${runId}`);
    await page.getByRole("heading", { level: 1, name: "run-0" }).waitFor();
    assert.equal(new URL(page.url()).pathname, `/runs/${runId}`, "MLflow's links lead to our pages");
    await page.getByRole("row", { name: /lr 0\.001/ }).waitFor();
    await page.getByRole("row", { name: /^acc 0\.95/ }).waitFor();
    await page.getByText("9c1d0e52").waitFor();
    await noViolations("the run page");
    await page.getByRole("tab", { name: "Metrics" }).click();
    await page.locator("canvas").first().waitFor();
    await page.getByRole("img", { name: /^acc: 50 points/ }).waitFor();
    await noViolations("the charts");
    await page.getByRole("tab", { name: "Artifacts" }).click();
    await page.getByRole("button", { name: /folder/ }).click();
    await page.locator(".artifact-tree").getByRole("button", { name: /note\.txt/ }).click();
    await page.getByText("a note about the run").waitFor();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "Download", exact: true }).click(),
    ]);
    assert.equal(download.suggestedFilename(), "note.txt");
    await page.reload();
    await page.getByText("a note about the run").waitFor();
    await noViolations("a text file");
    await page.goto(`${address}/runs/${runId}/metrics?x=relative&log=1&find=nothing`);
    await page.getByText("No metric has").waitFor();
    await page.getByRole("checkbox", { name: "Log scale", checked: true }).waitFor();
    await page.getByRole("searchbox", { name: "Find a chart" }).fill("acc");
    await page.getByRole("img", { name: /^acc: 50 points/ }).waitFor();
    await page.waitForURL(/find=acc/);
  },

  async "files"() {
    const open = (path) => page.goto(`${address}/runs/${runId}/artifacts/${path}`);
    await open("folder/note.txt#L1");
    await page.locator(".line-chosen", { hasText: "a note about the run" }).waitFor();
    await open("table.json");
    await page.getByRole("button", { name: "score", exact: true }).click();
    await page.getByRole("button", { name: "Tree", exact: true }).click();
    await page.waitForURL(/as=tree/);
    await noViolations("a tree of JSON");
    await open("hostile.md");
    await page.getByRole("heading", { name: "Hello" }).waitFor();
    await page.getByText("<img src=x").waitFor();
    await noViolations("a text of Markdown");
    allowed = /sandboxed|Content Security Policy/;
    await open("hostile.html");
    await page.frameLocator("iframe").getByText("a page").waitFor();
    assert.equal(await page.locator("iframe").getAttribute("sandbox"), "");
    await noViolations("a page in a sandbox");
    assert.equal(await page.evaluate(() => globalThis.taken), undefined, "nothing of a file runs");
    allowed = /^$/;
  },

  async "logs, reproduce, tree"() {
    const open = (path) => page.goto(`${address}/runs/${runId}/${path}`);
    await open("logs");
    await page.getByText("ValueError: loss is NaN").waitFor();
    await page.getByText("100 % done").waitFor();
    assert.equal(await page.getByText("10 %").count(), 0, "a bar that overwrote itself is shown as it ended");
    await page.getByRole("searchbox", { name: /^Find lines/ }).fill("epoch [2-9]");
    await page.getByText("1 line", { exact: true }).waitFor();
    await noViolations("the logs");
    await open("reproduce");
    await page.locator(".patch-new", { hasText: "+lr = 0.001" }).waitFor();
    await page.getByText("--lr 0.001 --optimizer adam").waitFor();
    await page.getByText("torch").first().waitFor();
    await noViolations("how to reproduce a run");
    await open("tree");
    await page.getByRole("heading", { name: "This run has no parent and no children" }).waitFor();
    await open("system");
    await page.getByText("This run has no system metrics").waitFor();
    await noViolations("a run without system metrics");
  },

  async "a new run shows up by itself"() {
    await page.goto(`${address}/experiments/${experimentId}/runs`);
    await foot("12 runs");
    await page.evaluate(
      async ([base, experiment_id]) => {
        const body = JSON.stringify({ experiment_id, run_name: "brand-new", start_time: Date.now() });
        const headers = { "Content-Type": "application/json" };
        await fetch(`${base}/api/2.0/mlflow/runs/create`, { method: "POST", headers, body });
      },
      [address, experimentId],
    );
    await foot("13 runs");
    assert.equal(await firstName(), "brand-new");
  },

  async "theme and language"() {
    await page.goto(`${address}/experiments/${experimentId}/runs`);
    await grid.waitFor();
    await page.getByRole("button", { name: "Theme" }).click();
    await page.getByRole("menuitemradio", { name: "Dark" }).click();
    await page.getByRole("button", { name: "Language" }).click();
    await page.getByRole("menuitemradio", { name: "简体中文" }).click();
    await page.getByRole("columnheader", { name: "状态" }).waitFor();
    await page.reload();
    await page.getByRole("columnheader", { name: "状态" }).waitFor();
    assert.deepEqual(
      await page.evaluate(() => [document.documentElement.lang, document.documentElement.dataset.theme]),
      ["zh-CN", "dark"],
    );
    await page.waitForTimeout(300);
    await noViolations("the runs table, dark, in Chinese");
  },

  async "what is not there"() {
    allowed = /404/;
    await page.goto(`${address}/runs/${"0".repeat(32)}`);
    await page.getByRole("heading", { level: 1, name: /0{32}/ }).waitFor();
    await page.goto(`${address}/experiments/99999/runs`);
    await page.getByRole("heading", { level: 1, name: /99999/ }).waitFor();
    await page.getByRole("link", { name: "全部实验" }).click();
    await page.getByRole("heading", { level: 1, name: "实验" }).waitFor();
  },
};

let failed = 0;
try {
  for (const [name, step] of Object.entries(steps)) {
    await step();
    console.log(`ok ${name}`);
  }
  assert.deepEqual(faults, []);
} catch (error) {
  failed = 1;
  console.error(error);
  console.error(`at ${page.url()}`, faults);
} finally {
  await context.close();
  rmSync(profile, { recursive: true, force: true });
}
process.exitCode = failed;
