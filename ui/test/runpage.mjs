// Opens runs from their list in Chromium and checks what their page offers.
// node test/runpage.mjs ADDRESS EXPERIMENT_ID RUN_ID   (what the seeded store must hold: tests/ui/test_smoke.py)
import assert from "node:assert/strict";
import { openBrowser } from "./browser.mjs";

const [address, experimentId, runId] = process.argv.slice(2);
const { page, noViolations, run } = await openBrowser(address);
const runs = `${address}/experiments/${experimentId}/runs`;
const heading = (name) => page.getByRole("heading", { level: 1, name, exact: true });
const button = (name) => page.getByRole("button", { name, exact: true });

await run({
  async "the selection stands in the address"() {
    await page.goto(`${runs}?sel=${runId},gone`);
    await page.getByText("1 run of this address is not there any more").waitFor();
    await page.getByText("1 run selected").waitFor();
    await page.getByRole("grid", { name: "Runs" }).focus();
    await page.keyboard.press("x");
    await page.waitForURL(new RegExp(`sel=${runId},\\w{32}$`));
    await page.reload();
    await page.getByText("2 runs selected").waitFor();
    await page.keyboard.press("Control+a");
    await page.waitForURL(/sel=\*$/);
    await page.keyboard.press("j");
    await page.keyboard.press("Escape");
    await page.waitForURL(/runs$/);
  },

  async "previous and next run of the list"() {
    await page.goto(`${runs}?q=params.optimizer%3D"adam"&sort=-m.acc`);
    await page.getByRole("link", { name: "run-2", exact: true }).click();
    await heading("run-2").waitFor();
    await page.keyboard.press("ArrowRight");
    await heading("run-4").waitFor();
    await page.getByRole("tab", { name: "Metrics" }).click();
    await button("Previous run of the list (←)").click();
    await heading("run-2").waitFor();
    assert.match(page.url(), /\/metrics$/);
    await button("Previous run of the list (←)").click();
    await heading("run-0").waitFor();
    assert.ok(await button("Previous run of the list (←)").isDisabled());
    await noViolations("a run that was opened from a list");
    await page.getByRole("link", { name: "demo/first" }).click();
    await page.waitForURL(/q=params/);
  },

  async "name and description, trash and back"() {
    await page.goto(`${address}/runs/${runId}`);
    await button("Edit name and description").click();
    await page.getByRole("textbox", { name: "Name" }).fill("the best");
    await page.getByRole("textbox", { name: /^Description/ }).fill("# Why\n\nIt is **simple**.");
    await noViolations("the form of a run");
    await button("Save").click();
    await heading("the best").waitFor();
    await page.getByRole("heading", { name: "Why" }).waitFor();
    await page.locator("strong", { hasText: "simple" }).waitFor();
    await button("More actions").click();
    await page.getByRole("menuitem", { name: "Delete" }).click();
    await page.getByText("In the trash").waitFor();
    await button("Undo").click();
    await page.getByText("In the trash").waitFor({ state: "detached" });
  },

  async "one more run in the comparison"() {
    const menu = (name) => page.getByRole("menuitem", { name });
    await button("Compare").click();
    await menu("With a run of this experiment…").click();
    await page.getByRole("heading", { level: 1, name: "Compare 1 run" }).waitFor();
    await page.goto(runs);
    await page.getByRole("link", { name: "run-5", exact: true }).click();
    await page.getByText("Failed: ValueError: loss is NaN").waitFor();
    await noViolations("a run that failed");
    await button("Compare").click();
    await menu("Add to the comparison of 1 run").click();
    await page.getByRole("heading", { level: 1, name: "Compare 2 runs" }).waitFor();
  },

  async "tags are set and removed"() {
    await page.goto(`${address}/runs/${runId}`);
    await page.getByRole("textbox", { name: "Key" }).fill("reviewed");
    await page.getByRole("textbox", { name: "Value" }).fill("yes");
    await button("Set").click();
    await page.getByRole("row", { name: /^reviewed yes/ }).waitFor();
    await button("Remove reviewed").click();
    await page.getByRole("row", { name: /^reviewed yes/ }).waitFor({ state: "detached" });
  },

  async "code in colours"() {
    await page.goto(`${address}/runs/${runId}/artifacts/train.py#L2`);
    await page.locator(".line-chosen .code-keyword", { hasText: "def" }).waitFor();
    await page.locator(".line-chosen .code-name", { hasText: "train" }).waitFor();
    assert.equal(await page.locator(".line-chosen code").textContent(), "def train(lr=0.1):");
    await noViolations("a file of code");
  },

  async "a run in the trash is not offered"() {
    await page.goto(`${address}/compare?runs=${runId}`);
    const offered = page.getByRole("combobox", { name: "Add a run…" });
    await offered.locator("option", { hasText: "run-7" }).waitFor({ state: "attached" });
    await page.goto(runs);
    await page.getByRole("link", { name: "run-7", exact: true }).click();
    await button("More actions").click();
    await page.getByRole("menuitem", { name: "Delete" }).click();
    await page.getByText("In the trash").waitFor();
    await page.goBack();
    await page.goto(`${address}/compare?runs=${runId}`);
    await offered.locator("option", { hasText: "run-8" }).waitFor({ state: "attached" });
    assert.equal(await offered.locator("option", { hasText: "run-7" }).count(), 0);
  },

  async "a PDF inside the page"() {
    await page.goto(`${address}/runs/${runId}/artifacts/report.pdf`);
    const frame = page.locator("iframe.viewer-frame");
    if (await page.evaluate(() => navigator.pdfViewerEnabled)) assert.match(await frame.getAttribute("src"), /^blob:/);
    else await page.getByText("This browser shows no PDF inside a page").waitFor();
  },
});
