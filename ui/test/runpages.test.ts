import { describe, expect, it } from "vitest";
import type { RunHead, RunPage } from "../src/api/types";
import { RunPages, type PageRequest } from "../src/data/runpages";

function backend(count: number) {
  const asked: PageRequest[] = [];
  const rows: RunHead[] = Array.from({ length: count }, (_, index) => ({
    run_id: `r${index}`,
    experiment_id: "1",
    status: "FINISHED",
  }));
  const fetchPage = (request: PageRequest): Promise<RunPage> => {
    asked.push(request);
    const start = Number(request.page_token ?? 0);
    const runs = rows.slice(start, start + request.max_results);
    const end = start + runs.length;
    return Promise.resolve({
      total: rows.length,
      runs,
      columns: Object.fromEntries(
        request.columns.map((name) => [name, runs.map((run) => Number(run.run_id.slice(1)))]),
      ),
      ...(end < rows.length ? { next_page_token: String(end) } : {}),
    });
  };
  return { asked, rows, fetchPage };
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

describe("rows over keyset pages", () => {
  it("fetches the next page when its rows come near", async () => {
    const { asked, fetchPage } = backend(2000);
    const pages = new RunPages(fetchPage);
    pages.need(["params.lr"]);
    pages.look(0, 30);
    await settled();
    expect([pages.position, pages.loaded, pages.total, pages.more]).toEqual(["ready", 100, 2000, true]);
    pages.look(60, 90);
    await settled();
    expect(pages.loaded).toBe(600);
    pages.look(100, 130);
    await settled();
    expect(asked).toHaveLength(2);
    expect(pages.run(599)?.run_id).toBe("r599");
    expect(pages.cell(599, "params.lr")).toBe(599);
    expect(pages.run(600)).toBeUndefined();
  });

  it("fetches a new column only for the pages that are looked at", async () => {
    const { asked, fetchPage } = backend(2000);
    const pages = new RunPages(fetchPage);
    pages.look(0, 30);
    await settled();
    pages.look(0, 30);
    await settled();
    pages.need(["metrics.acc"]);
    expect(pages.cell(300, "metrics.acc")).toBeUndefined();
    pages.look(300, 330);
    await settled();
    expect(asked.at(-1)).toEqual({ max_results: 500, page_token: "100", columns: ["metrics.acc"] });
    expect(pages.cell(300, "metrics.acc")).toBe(300);
    expect(pages.cell(3, "metrics.acc")).toBeUndefined();
    expect(pages.range("metrics.acc")).toEqual([100, 599]);
  });

  it("shows new runs at once at the top, and only counts them below", async () => {
    const { rows, fetchPage } = backend(3);
    const pages = new RunPages(fetchPage);
    pages.look(0, 30);
    await settled();
    rows.unshift({ run_id: "r9", experiment_id: "1", status: "RUNNING" });
    await pages.refresh(0, 3, false);
    expect([pages.waiting, pages.run(0)?.run_id, pages.total]).toEqual([1, "r0", 3]);
    await pages.refresh(0, 3, true);
    expect([pages.waiting, pages.run(0)?.run_id, pages.total]).toEqual([0, "r9", 4]);
  });

  it("does not fetch a second page anew with each new run, but when it is come near to", async () => {
    const { asked, rows, fetchPage } = backend(2000);
    const pages = new RunPages(fetchPage);
    pages.look(0, 30);
    await settled();
    rows.unshift({ run_id: "r9000", experiment_id: "1", status: "RUNNING" });
    await pages.refresh(0, 30, true);
    pages.look(0, 30);
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(asked.map((request) => request.max_results)).toEqual([100, 100]);
    pages.look(60, 90);
    await settled();
    expect(pages.loaded).toBe(600);
  });

  it("tells a failure and goes on after a retry", async () => {
    const { fetchPage } = backend(3);
    let broken = true;
    const pages = new RunPages((request) => (broken ? Promise.reject(new Error("away")) : fetchPage(request)));
    pages.look(0, 30);
    await settled();
    expect([pages.position, pages.error?.message]).toEqual(["failed", "away"]);
    broken = false;
    pages.retry();
    await settled();
    expect([pages.position, pages.error, pages.loaded]).toEqual(["ready", null, 3]);
  });
});
