// A stand-in for the server, for work on the pages without Python: serves the built pages and made-up data.
// node dev/fake.mjs [port]   (0: any free port; the address is printed)
import { createServer } from "node:http";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { extname, join, normalize } from "node:path";
import { makeSeries, makeStore } from "./data.mjs";
import { matches, parse, sorted, valueOf } from "./query.mjs";

const STATIC = new URL("../../src/clew/server/static/", import.meta.url).pathname;
const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".json": "application/json" };
const PNG = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64");
const FILES = {
  "MLmodel": "artifact_path: model\nflavors:\n  python_function:\n    loader_module: clew.sklearn\n    python_version: 3.11.2\nmodel_uuid: 18c1e910\n",
  "requirements.txt": "scikit-learn==1.7.2\nnumpy==2.3.1\n",
  "model.skops": "binary",
  "figures/confusion.png": PNG,
  "metrics/report.json": JSON.stringify({ accuracy: 0.913, support: 10_000 }, null, 2),
};

const now = Date.now();
const store = makeStore(now);
const experimentOf = (id) => store.experiments.find((experiment) => experiment.experiment_id === id);
const bare = ({ made: _made, ...experiment }) => experiment;
const found = new Map();

class Refusal extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

function search(experimentId, filter, order) {
  const key = `${experimentId}|${filter}|${order}`;
  if (!found.has(key)) {
    let terms;
    try {
      terms = parse(filter);
    } catch (fault) {
      throw new Refusal(400, "INVALID_PARAMETER_VALUE", fault.message);
    }
    const all = experimentOf(experimentId)?.made ?? [];
    found.set(key, sorted(terms.length ? all.filter((run) => matches(run, terms)) : all, order));
  }
  return found.get(key);
}

/** What a run has in a column: summaries of metrics are their latest values here. */
function cellOf(run, name) {
  const [, kind, key] = name.match(/^(\w+)\.(.*)$/s) ?? [];
  if (kind === "dataset") return run.params.dataset;
  if (kind !== "attributes") return run[kind]?.[key.replace(/^`(.*)`\.\w+$/s, "$1")];
  return key === "duration" ? run.info.end_time && run.info.end_time - run.info.start_time : run.info[key];
}

const base64 = (numbers) => Buffer.from(numbers.buffer).toString("base64");

/** A series as it travels packed. */
function packed({ run_id, key, steps, times, values }, x) {
  const start = store.runs.get(run_id).info.start_time;
  const axis = x === "step" ? steps : times.map((time) => (x === "relative" ? time - start : time));
  return { run_id, key, total: steps.length, x: base64(Float64Array.from(axis)), packed: base64(Float32Array.from(values, Number)) };
}

function querySeries({ run_ids: ids, keys, x = "step", format }) {
  const all = ids.flatMap((id) => keys.map((key) => makeSeries(store.runs.get(id), key))).filter(Boolean);
  return { series: format === "packed" ? all.map((series) => packed(series, x)) : all };
}

function queryRuns({ experiment_ids: ids, filter = "", order_by: order = [], max_results: size, page_token: token = "0", columns }) {
  const rows = search(ids[0], filter, order[0]);
  const start = Number(token);
  const page = rows.slice(start, start + size);
  const column = (name) => page.map((run) => cellOf(run, name) ?? null);
  return {
    total: rows.length,
    ...(start + size < rows.length ? { next_page_token: String(start + size) } : {}),
    runs: page.map((run) => run.info),
    columns: Object.fromEntries(columns.map((name) => [name, column(name)])),
  };
}

function columnsOf(id) {
  const newest = (experimentOf(id)?.made ?? []).slice(0, 1000);
  const tally = (kind) => {
    const keys = new Map();
    for (const run of newest) {
      for (const [key, value] of Object.entries(run[kind])) {
        const entry = keys.get(key) ?? { key, runs: 0, values: new Set() };
        entry.runs += 1;
        entry.values.add(value);
        keys.set(key, entry);
      }
    }
    return [...keys.values()].map(({ key, runs, values }) => ({ key, runs, ...(kind === "params" ? { distinct: values.size } : {}) }));
  };
  return { params: tally("params"), metrics: tally("metrics"), tags: tally("tags") };
}

function getRun(id) {
  const run = store.runs.get(id);
  if (!run) throw new Refusal(404, "RESOURCE_DOES_NOT_EXIST", `Run with id=${id} not found`);
  const pairs = (object) => Object.entries(object).map(([key, value]) => ({ key, value }));
  return {
    run: {
      info: run.info,
      data: {
        metrics: pairs(run.metrics).map((metric) => ({ ...metric, step: 199, timestamp: run.info.start_time + 60_000 })),
        params: pairs(run.params),
        tags: pairs(run.tags),
      },
      inputs: {
        dataset_inputs: ["training", "validation"].map((context, index) => ({
          tags: [{ key: "mlflow.data.context", value: context }],
          dataset: {
            name: run.params.dataset,
            digest: ["9c1d0e52", "41b7aa03"][index],
            source_type: "local",
            profile: JSON.stringify({ num_rows: [40_000, 10_000][index] }),
            schema: JSON.stringify({ mlflow_colspec: Array.from({ length: 12 }, () => ({ type: "double" })) }),
          },
        })),
      },
    },
  };
}

function listArtifacts(path) {
  const prefix = path ? `${path}/` : "";
  const names = new Map();
  for (const [file, body] of Object.entries(FILES)) {
    if (!file.startsWith(prefix)) continue;
    const rest = file.slice(prefix.length).split("/");
    names.set(prefix + rest[0], rest.length > 1 ? { is_dir: true } : { is_dir: false, file_size: body.length });
  }
  return { root_uri: "mlflow-artifacts:/1/x/artifacts", files: [...names].map(([name, entry]) => ({ path: name, ...entry })) };
}

function queryExperiments({ filter = "" }) {
  const wanted = filter.match(/%(.*)%/)?.[1]?.toLowerCase() ?? "";
  const experiments = store.experiments.filter((experiment) => experiment.name.toLowerCase().includes(wanted)).map(bare);
  return { experiments, total: experiments.length };
}

function verdict(filter) {
  try {
    parse(filter);
    return { ok: true };
  } catch (fault) {
    return { ok: false, ...fault };
  }
}

/** Groups by params and tags only. */
function groupRuns({ experiment_ids: ids, filter = "", by, columns, limit, offset }) {
  const runs = search(ids[0], filter);
  const groups = new Map();
  for (const run of runs) {
    const texts = by.map(({ column }) => valueOf(run, column) ?? null);
    const key = JSON.stringify(texts);
    groups.set(key, [...(groups.get(key) ?? []), run]);
  }
  const described = (some, column) => {
    const values = some.map((run) => Number(valueOf(run, column))).filter(Number.isFinite).toSorted((a, b) => a - b);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return values.length ? { count: values.length, mean, median: values[values.length >> 1], min: values[0], max: values.at(-1) } : { count: 0 };
  };
  const made = [...groups].map(([key, some]) => ({
    labels: JSON.parse(key).map((text) => (text === null ? {} : { text: String(text) })),
    runs: some.length,
    filter: JSON.parse(key).map((text, index) => `${by[index].column} = '${text}'`).join(" and "),
    columns: Object.fromEntries(columns.map((column) => [column, described(some, column)])),
  }));
  return { runs: runs.length, total: made.length, groups: made.toSorted((a, b) => b.runs - a.runs).slice(offset, offset + limit) };
}

const ROUTES = {
  "GET /api/clew/v1/info": () => ({ name: "clew", version: "0.0.0", mlflow_version: "3.17.2", store: "sqlite" }),
  "POST /api/clew/v1/experiments/query": (_query, body) => queryExperiments(body),
  "POST /api/clew/v1/runs/query": (_query, body) => queryRuns(body),
  "POST /api/clew/v1/runs/groups": (_query, body) => groupRuns(body),
  "GET /api/clew/v1/views": () => ({ views: [] }),
  "GET /api/clew/v1/stars": () => ({ stars: [] }),
  "POST /api/clew/v1/filter/parse": (_query, body) => verdict(body.filter),
  "POST /api/clew/v1/series": (_query, body) => querySeries(body),
  "POST /api/clew/v1/importance": () => ({ runs: 0, message: "There is no forest here." }),
  "GET /ajax-api/2.0/mlflow/experiments/get": (query) => {
    const experiment = experimentOf(query.get("experiment_id"));
    if (!experiment) throw new Refusal(404, "RESOURCE_DOES_NOT_EXIST", `No Experiment with id=${query.get("experiment_id")} exists`);
    return { experiment: bare(experiment) };
  },
  "GET /ajax-api/2.0/mlflow/runs/get": (query) => getRun(query.get("run_id")),
  "GET /ajax-api/2.0/mlflow/artifacts/list": (query) => listArtifacts(query.get("path") ?? ""),
};

async function readBody(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return chunks.length ? JSON.parse(Buffer.concat(chunks).toString()) : {};
}

async function serveFile(pathname, response) {
  const name = extname(pathname) ? normalize(pathname).replace(/^\/+/, "") : "index.html";
  const body = await readFile(join(STATIC, name));
  const script = name === "index.html" && body.toString().match(/<script>([\s\S]*?)<\/script>/)?.[1];
  const hash = script ? ` 'sha256-${createHash("sha256").update(script).digest("base64")}'` : "";
  response.writeHead(200, {
    "Content-Type": TYPES[extname(name)] ?? "application/octet-stream",
    "Content-Security-Policy": `default-src 'self'; script-src 'self'${hash}; object-src 'none'; base-uri 'self'; frame-ancestors 'none'`,
  });
  response.end(body);
}

async function answer(request, response) {
  const url = new URL(request.url, "http://localhost");
  const columns = url.pathname.match(/^\/api\/clew\/v1\/experiments\/([^/]+)\/columns$/);
  const route = columns ? () => columnsOf(columns[1]) : ROUTES[`${request.method} ${url.pathname}`];
  try {
    if (url.pathname === "/get-artifact") {
      const name = url.searchParams.get("path");
      response.writeHead(200, { "Content-Type": name.endsWith(".png") ? "image/png" : "text/plain", "Content-Disposition": "attachment" });
      response.end(FILES[name]);
    } else if (route) {
      const body = JSON.stringify(route(url.searchParams, await readBody(request)));
      response.writeHead(200, { "Content-Type": "application/json" });
      response.end(body);
    } else await serveFile(url.pathname, response);
  } catch (error) {
    const status = error instanceof Refusal ? error.status : error.code === "ENOENT" ? 404 : 500;
    response.writeHead(status, { "Content-Type": "application/json" });
    response.end(JSON.stringify({ error_code: error.code ?? "INTERNAL_ERROR", message: error.message }));
  }
}

const server = createServer((request, response) => void answer(request, response));
server.listen(Number(process.argv[2] ?? 0), "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));
