// Opens the pages of the model registry in Chromium and checks that they do what they promise.
// node test/models.mjs ADDRESS EXPERIMENT_ID RUN_ID   (what the seeded store must hold: tests/ui/test_smoke.py)
import assert from "node:assert/strict";
import { openBrowser } from "./browser.mjs";

const [address, , runId] = process.argv.slice(2);
const { page, noViolations, run } = await openBrowser(address);

await run({
  async "list, model, comparison"() {
    await page.goto(`${address}/experiments`);
    await page.getByRole("link", { name: "Models" }).click();
    await page.getByRole("heading", { level: 1, name: "Models" }).waitFor();
    await page.getByRole("row", { name: /wine_quality Production v1 v2 @champion v1/ }).waitFor();
    await noViolations("the models");
    const find = page.getByRole("combobox", { name: "Filter models" });
    await find.pressSequentially("na");
    await page.getByRole("option", { name: /^name key/ }).waitFor();
    await page.keyboard.press("Tab");
    await page.keyboard.type("= '");
    await page.getByRole("option", { name: /'wine_quality' value 1 model/ }).click();
    await page.waitForURL(/q=name\+=\+(?:'|%27)wine_quality/);
    await page.getByRole("link", { name: "wine_quality" }).waitFor();
    await find.fill("name = 'no such model'");
    await page.getByRole("heading", { name: "No model matches this filter" }).waitFor();
    await page.getByRole("button", { name: "Clear the filter" }).last().click();
    await page.getByRole("link", { name: "wine_quality" }).click();
    await page.getByRole("checkbox", { name: "Select Version 2" }).check();
    await page.getByRole("checkbox", { name: "Select Version 1" }).check();
    await page.waitForURL(/sel=2,1/);
    await page.getByText("better on the holdout").waitFor();
    await noViolations("a model");
    const then = page.getByRole("region", { name: "At an earlier time" });
    await page.locator(".moves li", { hasText: "better on the holdout" }).getByRole("button").click();
    await page.waitForURL(/sel=2,1&at=20/);
    await then.getByText("2 versions").waitFor();
    await then.locator("li", { hasText: "Production" }).getByRole("link", { name: "Version 1" }).waitFor();
    assert.equal(await then.getByText("@champion").count(), 0, "the alias came later");
    await noViolations("a model at a time");
    await page.reload();
    await then.locator("li", { hasText: "Production" }).waitFor();
    await then.getByLabel("Date and time").fill("2020-01-01T00:00:00");
    await then.getByText("No alias and no stage was set then.").waitFor();
    await then.getByRole("button", { name: "Clear" }).click();
    await page.waitForURL(/sel=2,1$/);
    await page.getByRole("button", { name: "Compare (2)" }).click();
    await page.getByRole("heading", { level: 1, name: /2 versions compared/ }).waitFor();
    await page.getByRole("row", { name: /^team vision –/ }).waitFor();
    await noViolations("compared versions");
  },

  async "a version: signature, moves with a reason and a way back, deletion"() {
    await page.getByRole("link", { name: "v2", exact: true }).click();
    await page.getByRole("row", { name: /^alcohol double yes/ }).waitFor();
    await page.getByRole("link", { name: "run-0" }).waitFor();
    await page.getByText("Contains code").waitFor();
    await noViolations("a version");
    await page.getByRole("button", { name: "Move to stage" }).click();
    await page.getByRole("menuitem", { name: "Production" }).click();
    await page.getByRole("checkbox", { name: /Archive what stands there now: v1/, checked: true }).waitFor();
    await page.getByRole("textbox", { name: /^Why/ }).fill("a larger forest");
    await noViolations("a move");
    await page.getByRole("button", { name: "Move", exact: true }).click();
    await page.getByText("a larger forest").waitFor();
    await page.locator(".page-head .badge", { hasText: "Production" }).waitFor();
    await page.getByRole("button", { name: "Undo" }).click();
    await page.locator(".page-head .badge").waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Set alias" }).click();
    await page.getByRole("combobox", { name: "Alias" }).fill("champion");
    await page.getByText("@champion means version 1 now").waitFor();
    await page.getByRole("button", { name: "Next" }).click();
    await page.getByRole("button", { name: "Move", exact: true }).click();
    await page.getByRole("button", { name: "Remove @champion" }).waitFor();
    await page.getByRole("button", { name: "More actions" }).click();
    await page.getByRole("menuitem", { name: "Delete" }).click();
    await noViolations("the question before a version is deleted");
    await page.getByRole("button", { name: "Delete", exact: true }).click();
    await page.getByText("Version 2 deleted").waitFor();
  },

  async "a run's model is registered"() {
    await page.goto(`${address}/runs/${runId}`);
    await page.getByRole("button", { name: "Register model" }).click();
    await page.getByRole("combobox", { name: "Name of the model" }).fill("wine_quality");
    await page.getByText("A new version of this model").waitFor();
    await page.getByRole("textbox", { name: /^Alias/ }).fill("v9");
    await page.getByText("Letters, digits").waitFor();
    await page.getByRole("textbox", { name: /^Alias/ }).fill("challenger");
    await noViolations("a registration");
    await page.getByRole("button", { name: "Register", exact: true }).click();
    await page.getByRole("button", { name: "Open" }).click();
    await page.getByRole("heading", { level: 1, name: "wine_quality · version 3" }).waitFor();
    await page.getByRole("button", { name: "Remove @challenger" }).waitFor();
  },
});
