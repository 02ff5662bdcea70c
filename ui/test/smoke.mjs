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
page.on("request", (request) => {
  if (!request.url().startsWith(`${address}/`)) faults.push(`a request left the origin: ${request.url()}`);
});
page.on("pageerror", (error) => faults.push(`uncaught: ${error.message}`));
page.on("console", (message) => {
  if (message.type() === "error" && !allowed.test(message.text())) faults.push(`console: ${message.text()}`);
});

async function noViolations(name) {
  await page.evaluate(AXE);
  const found = await page.evaluate(async () => (await globalThis.axe.run()).violations);
  const words = found.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).slice(0, 3).join(" | ")}`);
  assert.deepEqual(words, [], `accessibility of ${name}`);
}

const grid = page.getByRole("grid", { name: "Runs" });
const filter = page.getByRole("textbox", { name: "Filter runs" });
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
    await page.getByRole("searchbox", { name: "Filter by name" }).fill("nothing like it");
    await page.getByText("No experiment has").waitFor();
    await page.getByRole("button", { name: "Clear the filter" }).click();
    await page.getByRole("link", { name: "demo/first" }).click();
  },

  async "runs table"() {
    await grid.waitFor();
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
    assert.equal(await grid.getAttribute("aria-busy"), "true", "rows stay, dimmed, while the filter is half typed");
    assert.equal(await firstName(), "run-0");
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
    await page.getByRole("button", { name: /note\.txt/ }).click();
    await page.getByText("a note about the run").waitFor();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "Download" }).click(),
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
