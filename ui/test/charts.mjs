// Opens the charts of a running server in Chromium and checks that they do what they promise.
// node test/charts.mjs ADDRESS EXPERIMENT_ID RUN_ID   (what the seeded store must hold: tests/ui/test_smoke.py)
import assert from "node:assert/strict";
import { openBrowser } from "./browser.mjs";

const [address, experimentId, runId] = process.argv.slice(2);
const { page, noViolations, run } = await openBrowser(address, /404/); // a run may have kept no source
const series = [];
let otherId = "";
page.on("request", (request) => {
  // The table's small curves have fewer points.
  if (request.url().endsWith("/series") && request.postDataJSON().max_points > 100) series.push(request.postDataJSON());
});

const curves = page.getByRole("img", { name: /^acc: 12 curves, 0 to 49, best last value 0.95/ });
const relations = page.getByRole("group", { name: /^12 runs over / });
const filter = page.getByRole("combobox", { name: "Filter runs" });
const panel = (name) => page.getByRole("article", { name });

await run({
  async "curves of all runs by one request"() {
    await page.goto(`${address}/experiments/${experimentId}/runs`);
    await page.getByRole("navigation", { name: "Layout of the page" }).getByRole("link", { name: "Charts" }).click();
    await page.waitForURL(/\/charts$/);
    await page.getByText("12 of 12 runs drawn").waitFor();
    await curves.waitFor();
    assert.equal(series.length, 1, "one request for the one metric");
    assert.equal(series[0].run_ids.length, 12);
    assert.equal(series[0].format, "packed");
    [otherId] = series[0].run_ids;
    await relations.waitFor();
    // Panels far below are not drawn before they come near.
    await panel(/best so far/i).scrollIntoViewIfNeeded();
    await panel("acc: best so far").waitFor();
    await panel(/^acc$/).scrollIntoViewIfNeeded();
    await curves.waitFor();
    await noViolations("the charts");
  },

  async "the pointer finds the nearest curve, keys walk along it"() {
    const box = await curves.boundingBox();
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 3);
    await page.locator(".tip").getByText("run-0").first().waitFor();
    await page.locator(".legend-lit").waitFor();
    await curves.focus();
    await page.keyboard.press("ArrowRight");
    await page.locator(".tip-pinned").waitFor();
    await page.keyboard.press("Escape");
    await page.mouse.move(0, 0);
    await page.locator(".tip").waitFor({ state: "detached" });
  },

  async "table and charts beside each other show runs in the same colours"() {
    await page.getByRole("navigation", { name: "Layout of the page" }).getByRole("link", { name: "Split" }).click();
    await page.getByRole("grid", { name: "Runs" }).waitFor();
    await curves.waitFor();
    assert.equal(await page.locator(".grid-row .run-swatch:not([hidden])").count(), 12);
    await noViolations("table and charts beside each other");
    await page.keyboard.press("3");
    await page.getByText("12 of 12 runs drawn").waitFor();
  },

  async "hiding a run takes its curve away, and the address says so"() {
    await page.getByRole("button", { name: "Show run-3", exact: true }).click();
    await page.getByText("11 of 12 runs drawn").waitFor();
    await page.getByRole("img", { name: /^acc: 11 curves/ }).waitFor();
    await page.waitForURL(/hide=/);
    await page.getByRole("checkbox", { name: "Log scale" }).check();
    await page.waitForURL(/log=1/);
    await page.reload();
    await page.getByRole("img", { name: /^acc: 11 curves/ }).waitFor();
    assert.ok(await page.getByRole("checkbox", { name: "Log scale" }).isChecked());
    await page.getByRole("button", { name: "Show all", exact: true }).first().click();
    await curves.waitFor();
  },

  async "runs in groups have one curve each"() {
    await page.getByRole("combobox", { name: "Group" }).selectOption("p.optimizer");
    await page.getByRole("img", { name: /^acc: 2 curves/ }).waitFor();
    await page.waitForURL(/by=p\.optimizer/);
    await page.getByRole("combobox", { name: "Group" }).selectOption("");
    await curves.waitFor();
  },

  async "a brush on parallel coordinates becomes the filter"() {
    const axis = relations.getByRole("button", { name: "optimizer", exact: true });
    await axis.scrollIntoViewIfNeeded();
    const name = await axis.boundingBox();
    const chart = await relations.boundingBox();
    const x = name.x + name.width / 2;
    // The upper half of the axis is the second category.
    await page.mouse.click(x, chart.y + 60);
    await page.getByText("6 of 12 runs").waitFor();
    await page.getByRole("button", { name: "Filter to 6 runs" }).click();
    await page.waitForURL(/q=/);
    assert.equal(await filter.inputValue(), "params.optimizer IN ('sgd')");
    await page.getByText("6 of 6 runs drawn").waitFor();
    await filter.fill("");
    await page.getByText("12 of 12 runs drawn").waitFor();
  },

  async "charts are added, shown as tables and taken away"() {
    await page.getByRole("button", { name: "Add chart" }).click();
    await page.getByRole("button", { name: /^Distribution by group/ }).click();
    await page.getByRole("combobox", { name: "Grouped by" }).selectOption("p.optimizer");
    await noViolations("the settings of a chart");
    await page.getByRole("button", { name: "Done" }).click();
    const added = panel("acc by optimizer");
    await added.first().waitFor();
    await page.waitForURL(/ch=c1:box:by=p\.optimizer/);
    await added.first().getByRole("button", { name: /^More for/ }).click();
    await page.getByRole("menuitem", { name: "Show as table" }).click();
    await added.first().getByRole("row", { name: /^adam 6 / }).waitFor();
    await added.first().getByRole("button", { name: /^More for/ }).click();
    await page.getByRole("menuitem", { name: "Remove" }).click();
    await page.waitForURL((url) => !url.search.includes("ch="));
  },

  async "runs beside each other show where they differ"() {
    await page.goto(`${address}/compare?runs=${runId},${otherId}`);
    await page.getByRole("heading", { level: 1, name: "Compare 2 runs" }).waitFor();
    await page.getByRole("row", { name: /^lr 0\.001 0\.012/ }).waitFor();
    await page.getByRole("row", { name: /^acc ↑ 0\.9500 ★/ }).waitFor();
    assert.equal(await page.getByRole("row", { name: /^framework/ }).count(), 0, "what is equal is hidden");
    await page.getByRole("checkbox", { name: "Only what differs" }).uncheck();
    await page.getByRole("row", { name: /^framework/ }).waitFor();
    await page.waitForURL(/all=1/);
    await noViolations("the comparison");
    await page.getByRole("tab", { name: "Curves" }).click();
    await page.getByRole("img", { name: /^acc: 2 curves/ }).waitFor();
    await page.getByRole("tab", { name: "Artifacts" }).click();
    await page.getByRole("button", { name: /^folder/ }).click();
    await page.getByRole("button", { name: /^note\.txt/ }).click();
    await page.getByText("a note about the run").waitFor();
    await noViolations("the compared files");
    await page.getByRole("tab", { name: "Code and packages" }).click();
    await page.getByRole("row", { name: /^torch .*2\.9\.0/ }).waitFor();
    await page.goto(`${address}/experiments/${experimentId}/charts`);
    await curves.waitFor();
  },

  async "dark and in Chinese"() {
    await page.getByRole("button", { name: "Theme" }).click();
    await page.getByRole("menuitemradio", { name: "Dark" }).click();
    await page.getByRole("button", { name: "Language" }).click();
    await page.getByRole("menuitemradio", { name: "简体中文" }).click();
    await page.getByText("已绘制 12 个运行中的 12 个").waitFor();
    await page.waitForTimeout(300);
    await noViolations("the charts, dark, in Chinese");
  },
});
