import { describe, expect, it } from "vitest";
import type { GroupPage, RunHead, RunPage } from "../src/api/types";
import { RunTree, type TableBackend, type TableSpec } from "../src/data/runtree";

const PLAIN: TableSpec = {
  filter: "",
  order: ["attributes.start_time DESC"],
  groups: [],
  groupOrder: { sort: "runs", descending: true },
  nested: false,
};

/** Runs by the filter that finds them; groups as they are told; ids of the runs that are found by id. */
function backend(runs: Record<string, number>, groups: GroupPage = {}, there: string[] = []) {
  const asked: string[] = [];
  const made: TableBackend = {
    runs: (filter, _order, request): Promise<RunPage> => {
      asked.push(filter);
      if (filter.startsWith("run_id IN")) {
        const found = there.map((run_id): RunHead => ({ run_id, experiment_id: "1", status: "FINISHED" }));
        return Promise.resolve({ total: found.length, runs: found });
      }
      const count = runs[filter] ?? 0;
      const start = Number(request.page_token ?? 0);
      const heads: RunHead[] = Array.from({ length: Math.min(request.max_results, count - start) }, (_, index) => ({
        run_id: `${filter}#${start + index}`,
        experiment_id: "1",
        status: "FINISHED",
      }));
      const end = start + heads.length;
      return Promise.resolve({
        total: count,
        runs: heads,
        columns: Object.fromEntries(request.columns.map((name) => [name, heads.map((_, index) => start + index)])),
        ...(end < count ? { next_page_token: String(end) } : {}),
      });
    },
    groups: () => () => Promise.resolve(groups),
  };
  return { asked, made };
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 0));
const keys = (table: RunTree) =>
  Array.from({ length: table.length }, (_, row) => {
    const line = table.at(row);
    return line.kind === "waiting" ? "…" : line.key;
  });

const GROUPS: GroupPage = {
  runs: 3,
  total: 2,
  groups: [
    { labels: [{ text: "adam" }], runs: 2, filter: "params.o = 'adam'" },
    { labels: [{ text: "sgd" }], runs: 1, filter: "params.o = 'sgd'" },
  ],
};

describe("a table in groups", () => {
  it("shows groups, and a group's runs below it once it is opened", async () => {
    const { asked, made } = backend({ "params.o = 'adam'": 2, "params.o = 'sgd'": 1 }, GROUPS);
    const table = new RunTree(made, { ...PLAIN, groups: [{ column: "params.o" }] });
    table.look(0, 10);
    await settled();
    expect([table.position, table.total, table.groupCount]).toEqual(["ready", 3, 2]);
    expect(keys(table)).toEqual(["params.o = 'adam'", "params.o = 'sgd'"]);
    expect(asked).toEqual([]);
    table.toggle(1);
    table.toggle(0);
    await settled();
    expect(keys(table)).toEqual([
      "params.o = 'adam'",
      "params.o = 'adam'#0",
      "params.o = 'adam'#1",
      "params.o = 'sgd'",
      "params.o = 'sgd'#0",
    ]);
    expect(table.at(4)).toMatchObject({ kind: "run", level: 1 });
    expect(table.idsIn(2, 4)).toEqual(["params.o = 'adam'#1", "params.o = 'sgd'#0"]);
    table.toggle(0);
    expect(keys(table)).toEqual(["params.o = 'adam'", "params.o = 'sgd'", "params.o = 'sgd'#0"]);
  });

  it("passes a failed second look on, and keeps what is here", async () => {
    let away = false;
    const { made } = backend({}, GROUPS);
    const groups = made.groups;
    const flaky: TableBackend = {
      ...made,
      groups: (filter) => (request, signal) => (away ? Promise.reject(new Error("away")) : groups(filter)(request, signal)),
    };
    const table = new RunTree(flaky, { ...PLAIN, groups: [{ column: "params.o" }] });
    table.look(0, 10);
    await settled();
    away = true;
    await expect(table.refresh(0, 10, false)).rejects.toThrow("away");
    expect([table.position, table.length, table.error]).toEqual(["ready", 2, null]);
  });

  it("asks for a group's runs with the filter of the table, and for more of them as they are looked at", async () => {
    const within = "(a = 1 OR b = 2) AND params.o = 'adam'";
    const { asked, made } = backend({ [within]: 700 }, GROUPS);
    const table = new RunTree(made, { ...PLAIN, filter: "a = 1 OR b = 2", groups: [{ column: "params.o" }] });
    table.look(0, 10);
    await settled();
    table.toggle(0);
    await settled();
    expect(asked).toEqual([within]);
    table.look(60, 101);
    await settled();
    expect(asked).toEqual([within, within]);
    expect(table.at(550)).toMatchObject({ kind: "run", key: `${within}#549` });
    expect(table.at(table.length - 1)).toMatchObject({ kind: "group", key: "params.o = 'sgd'" });
  });
});

describe("a table of parents and children", () => {
  const PARENT = "tags.`mlflow.parentRunId`";

  it("shows runs without a parent, and knows from one answer who has children", async () => {
    const roots = `${PARENT} IS NULL`;
    const below = `${PARENT} = '${roots}#0'`;
    const { asked, made } = backend(
      { [roots]: 2, [below]: 1 },
      { runs: 3, total: 1, groups: [{ labels: [{ text: `${roots}#0` }], runs: 1, filter: "x" }] },
      [`${roots}#0`],
    );
    const table = new RunTree(made, { ...PLAIN, nested: true });
    table.look(0, 10);
    await settled();
    await settled();
    expect(keys(table)).toEqual([`${roots}#0`, `${roots}#1`]);
    expect(table.at(0)).toMatchObject({ children: 1, open: false });
    expect(table.at(1)).toMatchObject({ children: 0 });
    table.toggle(0);
    await settled();
    expect(asked).toContain(below);
    expect(table.at(0)).toMatchObject({ open: true });
    expect(table.length).toBe(3);
  });

  it("keeps parents of which only children match", async () => {
    const groups = [{ labels: [{ text: "mother" }], runs: 1, filter: "x" }];
    const { asked, made } = backend({}, { runs: 1, total: 1, groups }, ["mother"]);
    const table = new RunTree(made, { ...PLAIN, filter: "params.lr > 1", nested: true });
    table.look(0, 10);
    await settled();
    await settled();
    expect(asked.at(-1)).toBe(`((params.lr > 1) OR run_id IN ('mother')) AND ${PARENT} IS NULL`);
  });

  it("shows runs whose parent is gone beside those that have none", async () => {
    const { asked, made } = backend({}, { runs: 1, total: 1, groups: [{ labels: [{ text: "gone" }], runs: 1, filter: "x" }] });
    const table = new RunTree(made, { ...PLAIN, nested: true });
    table.look(0, 10);
    await settled();
    await settled();
    expect(asked).toEqual(["run_id IN ('gone')", `(${PARENT} IS NULL OR ${PARENT} IN ('gone'))`]);
  });
});

describe("a plain table", () => {
  it("tells ranges and samples of what is loaded", async () => {
    const { made } = backend({ "": 5 });
    const table = new RunTree(made, PLAIN);
    table.need(["metrics.m"], []);
    table.look(0, 3);
    await settled();
    expect([table.position, table.total, table.loaded]).toEqual(["ready", 5, 5]);
    expect(table.range("metrics.m")).toEqual([0, 4]);
    expect(table.sample(3)).toHaveLength(3);
  });
});
