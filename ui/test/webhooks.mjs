// Opens the page of webhooks in Chromium and checks that it does what it promises.
// node test/webhooks.mjs ADDRESS EXPERIMENT_ID   (what the seeded store must hold: tests/ui/test_smoke.py)
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { openBrowser } from "./browser.mjs";

const [address] = process.argv.slice(2);
const { page, noViolations, run } = await openBrowser(address, /400/); // a filter that cannot be read
const SECRET = "a long random text";

/** What the receiver was sent. */
const received = [];
const receiver = createServer((request, response) => {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    received.push({ headers: request.headers, body: Buffer.concat(parts).toString() });
    response.end("thanks");
  });
}).listen(0, "127.0.0.1");
await once(receiver, "listening");
const url = `http://127.0.0.1:${receiver.address().port}/hook`;

const row = (name) => page.getByRole("row", { name: new RegExp(`^${name} `) });
const menu = async (name, action) => {
  await page.getByRole("button", { name: `More actions for ${name}` }).click();
  await page.getByRole("menuitem", { name: action }).click();
};
const until = async (what, holds) => {
  for (let tries = 0; tries < 100; tries += 1) {
    if (holds()) return;
    await page.waitForTimeout(100);
  }
  assert.fail(`never: ${what}`);
};
const signatureOf = ({ headers, body }) =>
  `v1,${createHmac("sha256", SECRET).update(`${headers["x-mlflow-delivery-id"]}.${headers["x-mlflow-timestamp"]}.${body}`).digest("base64")}`;

await run({
  async "the list"() {
    await page.goto(`${address}/experiments`);
    await page.getByRole("link", { name: "Webhooks" }).click();
    await page.getByRole("heading", { level: 1, name: "Webhooks" }).waitFor();
    await row("chat").getByText("a run fails or a run meets a condition").waitFor();
    await row("chat").getByText("metrics.loss.nans > 0").waitFor();
    await row("chat").getByText("only in demo/first").waitFor();
    await row("chat").getByText("signed").waitFor();
    await row("audit").getByText("Disabled").waitFor();
    await noViolations("the webhooks");
  },

  async "a new one: a fault stays in the form, what was typed too"() {
    await page.getByRole("button", { name: "New webhook" }).click();
    const create = page.getByRole("button", { name: "Create" });
    await page.getByRole("textbox", { name: "Name" }).fill("a b");
    await page.getByText("Letters, digits, dots").waitFor();
    await page.getByRole("textbox", { name: "Name" }).fill("bell");
    await page.getByRole("textbox", { name: "Address" }).fill("ftp://x");
    await page.getByText("An address that begins with").waitFor();
    await page.getByRole("textbox", { name: "Address" }).fill(url);
    assert.ok(await create.isDisabled(), "nothing to tell yet");
    await page.getByRole("checkbox", { name: "a model is registered" }).check();
    await page.getByRole("checkbox", { name: "a run meets a condition" }).check();
    assert.ok(await create.isDisabled(), "no condition yet");
    await page.getByRole("textbox", { name: /^Condition/ }).fill("metrics.loss >");
    await page.getByRole("combobox", { name: /^Only runs/ }).fill("demo/first");
    await page.getByRole("button", { name: "Leave out demo/first" }).waitFor();
    await page.getByLabel("Secret", { exact: true }).fill(SECRET);
    await noViolations("a new webhook");
    await create.click();
    await page.getByRole("alert").waitFor();
    await page.getByRole("checkbox", { name: "a run meets a condition" }).uncheck();
    await create.click();
    await row("bell").getByText("a model is registered").waitFor();
    assert.equal(await row("bell").getByText("only in").count(), 0, "experiments are for events of runs");
  },

  async "a trial is signed, and what a receiver refuses is said"() {
    await page.getByRole("button", { name: "Test bell" }).click();
    await page.getByText("bell answered 200 to an example of “a model is registered”").waitFor();
    assert.equal(received.length, 1);
    assert.equal(received[0].headers["x-mlflow-signature"], signatureOf(received[0]));
    await page.getByRole("button", { name: "Test chat" }).click();
    await page.getByText(/Failed to test webhook/).waitFor();
  },

  async "what was told"() {
    const made = await fetch(`${address}/api/2.0/mlflow/registered-models/create`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ name: "told" }),
    });
    assert.equal(made.status, 200);
    await until("a delivery", () => received.length === 2);
    await page.getByRole("button", { name: "Deliveries of bell" }).click();
    await page.getByText("Delivered").waitFor();
    await page.getByText("Body").click();
    await page.getByText('"name": "told"').waitFor();
    await noViolations("deliveries");
    await page.keyboard.press("Escape");
  },

  async "changed, turned off, deleted"() {
    await menu("bell", "Edit");
    const secret = page.getByLabel("Secret", { exact: true });
    assert.equal(await secret.inputValue(), "", "a secret is never shown");
    assert.equal(await secret.getAttribute("placeholder"), "There is one; leave empty to keep it");
    await page.getByRole("textbox", { name: "Description" }).fill("rings");
    await page.getByRole("button", { name: "Save" }).click();
    await row("bell").getByText("rings").waitFor();
    await page.getByRole("button", { name: "Test bell" }).click();
    await until("another trial", () => received.length === 3);
    assert.equal(received[2].headers["x-mlflow-signature"], signatureOf(received[2]), "the secret was kept");
    await menu("bell", "Edit");
    await page.getByRole("checkbox", { name: /^Remove the secret/ }).check();
    await page.getByRole("button", { name: "Save" }).click();
    await row("bell").getByText("signed").waitFor({ state: "detached" });
    await menu("bell", "Disable");
    await row("bell").getByText("Disabled").waitFor();
    await menu("bell", "Enable");
    await row("bell").getByText("Active").waitFor();
    await menu("bell", "Delete");
    await noViolations("the question before a webhook is deleted");
    await page.getByRole("button", { name: "Delete", exact: true }).click();
    await row("bell").waitFor({ state: "detached" });
  },
});
receiver.close();
receiver.closeAllConnections();
