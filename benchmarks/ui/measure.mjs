// Drives Chromium over a page and prints its figures as JSON on the last line.
// node measure.mjs clew|clew-charts|mlflow ADDRESS ROUNDS
import { createRequire } from "node:module";
import { existsSync } from "node:fs";

const { chromium } = createRequire(new URL("../../ui/package.json", import.meta.url))("playwright-core");
const [what, address, rounds] = process.argv.slice(2);
const PATHS = { clew: "/experiments/0/runs", "clew-charts": "/experiments/0/charts", mlflow: "/#/experiments/0/runs" };
const READY = {
  clew: '[aria-rowindex="3"] a',
  "clew-charts": '[role="img"][aria-label*="curves"]',
  mlflow: 'a[href*="/runs/"]',
};
const SCROLL_FRAMES = 120;
const ROWS_A_FRAME = 4;
const HOVERS = 60;

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find(existsSync),
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
});

/** A fresh page with an empty cache, its main thread's CPU seconds so far, and what came over the wire. */
async function fresh() {
  const context = await browser.newContext({ viewport: { width: 1600, height: 950 } });
  const page = await context.newPage();
  page.setDefaultTimeout(90_000);
  const talk = await context.newCDPSession(page);
  const wire = { requests: 0, bytes: 0, api: 0 };
  const urls = new Map();
  await talk.send("Performance.enable", { timeDomain: "threadTicks" });
  await talk.send("Network.enable");
  talk.on("Network.responseReceived", ({ requestId, response }) => urls.set(requestId, response.url));
  talk.on("Network.requestWillBeSent", () => (wire.requests += 1));
  talk.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    wire.bytes += encodedDataLength;
    if (/api\//.test(urls.get(requestId) ?? "")) wire.api += encodedDataLength;
  });
  const cpu = async () => {
    const { metrics } = await talk.send("Performance.getMetrics");
    return metrics.find((one) => one.name === "TaskDuration").value * 1000;
  };
  return { context, page, wire, cpu };
}

/** Opens the page: until the first row or curve, and the requests until then; main-thread CPU until it rests. */
async function open({ page, wire, cpu }) {
  const start = performance.now();
  await page.goto(`${address}${PATHS[what]}`, { waitUntil: "commit" });
  await page.locator(READY[what]).first().waitFor();
  const first = performance.now() - start;
  const { requests } = wire;
  await page.waitForTimeout(2500);
  return { first_ms: first, requests, main_ms: await cpu(), kb: wire.bytes / 1000, api_kb: wire.api / 1000 };
}

/** Milliseconds in the page from an act until the first row is another. */
const untilOtherRow = (page, act, value) =>
  page.evaluate(
    async ([name, text]) => {
      const first = () => document.querySelector('[aria-rowindex="3"] a')?.textContent;
      const before = first();
      const start = performance.now();
      if (name === "sort") {
        const titles = [...document.querySelectorAll('[role="columnheader"]')];
        titles.find((title) => title.textContent.startsWith(text)).querySelector("button").click();
      } else {
        const input = document.querySelector('[role="combobox"]');
        input.focus();
        Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(input, text);
        input.dispatchEvent(new InputEvent("input", { bubbles: true }));
      }
      while (first() === before || first() === undefined) {
        if (performance.now() - start > 60_000) throw new Error(`${name}: the rows did not change`);
        await new Promise(requestAnimationFrame);
      }
      return performance.now() - start;
    },
    [act, value],
  );

/** Steady scrolling: main-thread CPU of a frame, and the 95th percentile of the time between frames. */
async function scroll(page, cpu) {
  const before = await cpu();
  const frames = await page.evaluate(
    async ([count, rows]) => {
      const grid = document.querySelector('[role="grid"]');
      const height = document.querySelector('[aria-rowindex="3"]').getBoundingClientRect().height;
      const taken = [];
      let last = performance.now();
      let way = 1;
      for (let frame = 0; frame < count; frame += 1) {
        if (grid.scrollTop + grid.clientHeight >= grid.scrollHeight - 1) way = -1;
        else if (grid.scrollTop <= 0) way = 1;
        grid.scrollTop += way * rows * height;
        await new Promise(requestAnimationFrame);
        taken.push(performance.now() - last);
        last = performance.now();
      }
      return taken.sort((a, b) => a - b);
    },
    [SCROLL_FRAMES, ROWS_A_FRAME],
  );
  const used = (await cpu()) - before;
  return { scroll_cpu_ms: used / SCROLL_FRAMES, scroll_p95_ms: frames[Math.floor(frames.length * 0.95)] };
}

/** The pointer over a chart of curves: main-thread CPU of one move, without what a move over nothing costs. */
async function hover(page, cpu) {
  const box = await page.locator(READY["clew-charts"]).first().boundingBox();
  const moves = async (top, height) => {
    const before = await cpu();
    for (let move = 0; move < HOVERS; move += 1) {
      await page.mouse.move(box.x + 20 + ((box.width - 40) * move) / HOVERS, top + height * (0.3 + 0.4 * (move % 2)));
      await page.evaluate(() => new Promise(requestAnimationFrame));
    }
    return ((await cpu()) - before) / HOVERS;
  };
  const nothing = await moves(0, 20);
  return { hover_cpu_ms: (await moves(box.y, box.height)) - nothing };
}

const found = {};
try {
  for (let round = 0; round < Number(rounds); round += 1) {
    const all = await fresh();
    const figures = await open(all);
    if (what === "clew") {
      figures.sort_ms = await untilOtherRow(all.page, "sort", "m5");
      figures.filter_ms = await untilOtherRow(all.page, "filter", `metrics.m1 < 0.5 and metrics.m5 < ${0.8 - round / 100}`);
      Object.assign(figures, await scroll(all.page, all.cpu));
    }
    if (what === "clew-charts") Object.assign(figures, await hover(all.page, all.cpu));
    for (const [name, value] of Object.entries(figures)) (found[name] ??= []).push(value);
    await all.context.close();
  }
} finally {
  await browser.close();
}
const middle = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
console.log(JSON.stringify(Object.fromEntries(Object.entries(found).map(([name, values]) => [name, middle(values)]))));
