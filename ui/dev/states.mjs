// The 12 states of the pages that are looked at: where each is, and what is done there.

/** Ids: what dev/seed.py prints. Each state: the path, and steps on it where any. */
export function states(ids) {
  const runs = `/experiments/${ids.study}/runs`;
  const charts = `/experiments/${ids.study}/charts`;
  const files = `/runs/${ids.best}/artifacts`;
  const query = (fields) => new URLSearchParams(fields).toString();
  return {
    "01-experiments": { path: "/experiments" },
    "02-empty-experiment": { path: `/experiments/${ids.empty}/runs` },
    "03-runs-filtered-and-grouped": {
      path: `${runs}?${query({ q: "metrics.`val/loss` < 1", grp: "d.name,p.lr" })}`,
    },
    "04-filter-with-a-fault": {
      path: runs,
      async steps(page) {
        await page.getByRole("combobox").first().fill("metrics.`val/loss` < and params.lr");
      },
    },
    "05-charts": { path: charts },
    "06-parallel-with-a-brush": {
      path: charts,
      async steps(page) {
        const plot = page.locator('.plot[role="group"]').first();
        await plot.waitFor();
        await plot.evaluate((element) => element.scrollIntoView({ block: "center" }));
        const box = await plot.boundingBox();
        const name = await plot.getByRole("button", { name: "val/loss", exact: true }).boundingBox();
        const x = name.x + name.width / 2;
        await page.mouse.move(x, box.y + box.height - 56);
        await page.mouse.down();
        await page.mouse.move(x, box.y + box.height - 100, { steps: 5 });
        await page.mouse.up();
        await page.mouse.move(box.x + 4, box.y - 20);
      },
    },
    "07-compare": { path: `/compare?runs=${ids.best},${ids.other}&base=${ids.best}` },
    "08-run": { path: `/runs/${ids.best}` },
    "09-artifact-image": { path: `${files}/pictures/${encodeURIComponent("loss surface.png")}` },
    "09-artifact-table": { path: `${files}/tables/${encodeURIComponent("per class.csv")}` },
    "09-artifact-code": { path: `${files}/code/learning_rates.py` },
    "10-models": { path: "/models" },
    "11-model-version": { path: `/models/${ids.model}/versions/1` },
    "12-server-away": { path: "/experiments", away: true },
  };
}

/** The pictures of docs/tour.md and docs/tutorial.md, by the names that the pages know them by. */
export function tour(ids) {
  const runs = `/experiments/${ids.study}/runs`;
  const query = (fields) => new URLSearchParams(fields).toString();
  return {
    "tour-experiments": { path: "/experiments" },
    "tour-charts": { path: `/experiments/${ids.study}/charts` },
    "tour-groups": { path: `${runs}?${query({ grp: "d.name,p.lr", sort: "m.val/loss" })}` },
    "tutorial-run": { path: `/runs/${ids.flow.baseline}` },
    "tutorial-search": { path: `/experiments/${ids.flow.experiment}/runs?nest=1` },
    "tutorial-charts": { path: `/experiments/${ids.flow.experiment}/charts` },
    "tutorial-version": { path: `/models/${ids.flow.model}/versions/2` },
  };
}

/** Opens a state and waits until nothing more comes. False where the page does not exist yet. */
export async function openState(page, address, state) {
  if (state.away) await page.route(/\/(ajax-)?api\//, (route) => route.abort());
  await page.goto(`${address}${state.path}`);
  if (state.away) await page.locator(".banner").waitFor({ timeout: 10_000 }).catch(() => {});
  else await settle(page);
  const there = (await page.locator('a.page-way[href$="/experiments"]').count()) === 0;
  if (there && state.steps) {
    await state.steps(page);
    await settle(page);
  }
  return there;
}

/** Until the title is there, nothing stands for data that is on its way, and nothing has changed for half a second. */
export async function settle(page) {
  await page.locator("h1").first().waitFor();
  await page.waitForFunction(
    () => {
      const waiting = [...document.querySelectorAll(".panel-empty")].filter((panel) => /^(?:Loading|正在加载)/.test(panel.textContent));
      const now = `${document.querySelectorAll(".skeleton").length + waiting.length} ${document.body.innerText}`;
      const same = globalThis.lastSeen === now;
      globalThis.lastSeen = now;
      return same && now.startsWith("0 ");
    },
    null,
    { polling: 500, timeout: 15_000 },
  ).catch(() => {});
}
