// Chromium on the pages of a running server: what every script of browser steps needs.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** A fresh profile in English and light. Requests to elsewhere, and errors of the page but `expected` ones, are faults. */
export async function openBrowser(address, expected = /^$/) {
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
  page.on("request", (request) => {
    // What a browser's own PDF viewer is made of, and what a page itself made, goes over no wire.
    if (/^(?:http|ws)s?:/.test(request.url()) && !request.url().startsWith(`${address}/`)) faults.push(`a request left the origin: ${request.url()}`);
  });
  page.on("pageerror", (error) => faults.push(`uncaught: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error" && !expected.test(message.text())) faults.push(`console: ${message.text()}`);
  });

  async function noViolations(name) {
    await page.evaluate(AXE);
    const found = await page.evaluate(async () => (await globalThis.axe.run()).violations);
    const words = found.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).slice(0, 3).join(" | ")}`);
    assert.deepEqual(words, [], `accessibility of ${name}`);
  }

  /** Runs the steps in order; sets the exit code. */
  async function run(steps) {
    try {
      for (const [name, step] of Object.entries(steps)) {
        await step();
        console.log(`ok ${name}`);
      }
      assert.deepEqual(faults, []);
    } catch (error) {
      process.exitCode = 1;
      console.error(error);
      console.error(`at ${page.url()}`, faults);
    } finally {
      await context.close();
      rmSync(profile, { recursive: true, force: true });
    }
  }
  return { page, noViolations, run };
}
