// Made-up experiments, runs and series, the same at each start.
const DAY = 86_400_000;

/** A small seeded generator of numbers in [0, 1). */
export function random(seed) {
  let state = seed >>> 0 || 1;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const OPTIMIZERS = ["adam", "adamw", "sgd", "lion"];
const USERS = ["ana", "bo", "chen", "dmitri"];
const hex = (number, width) => number.toString(16).padStart(width, "0");

function makeRun(experimentId, index, count, now) {
  const next = random(Number(experimentId) * 1_000_003 + index);
  const lr = 10 ** (-4.5 + 3 * next());
  const optimizer = OPTIMIZERS[Math.floor(next() * OPTIMIZERS.length)];
  const layers = 2 + Math.floor(next() * 6);
  const batch = 16 * 2 ** Math.floor(next() * 4);
  const fit = Math.exp(-((Math.log10(lr) + 3) ** 2)) * (optimizer === "sgd" ? 0.9 : 1);
  const accuracy = Math.min(0.985, 0.55 + 0.38 * fit + 0.05 * next());
  const status = index < 3 ? "RUNNING" : next() < 0.06 ? "FAILED" : next() < 0.02 ? "KILLED" : "FINISHED";
  const start = now - Math.floor((index + next()) * ((20 * DAY) / count)) - 40_000;
  const metrics = {
    "train/loss": 2.3 * (1 - accuracy) + 0.1 * next(),
    "train/acc": Math.min(0.999, accuracy + 0.02),
    "val/loss": 2.6 * (1 - accuracy) + 0.1 * next(),
    "val/acc": accuracy,
    "val/f1": accuracy - 0.03 * next(),
    throughput: 400 + 800 * next(),
    "system/gpu_0_utilization": 60 + 40 * next(),
  };
  if (index % 17 === 4) metrics["val/loss"] = "NaN";
  if (index % 23 === 7) delete metrics["val/f1"];
  return {
    info: {
      run_id: hex(Number(experimentId), 8) + hex(index, 24),
      experiment_id: experimentId,
      run_name: `trial-${String(count - index).padStart(5, "0")}`,
      user_id: USERS[Math.floor(next() * USERS.length)],
      status,
      start_time: start,
      ...(status === "RUNNING" ? {} : { end_time: start + 20_000 + Math.floor(next() * 4_000_000) }),
      lifecycle_stage: "active",
      artifact_uri: `mlflow-artifacts:/${experimentId}/${hex(index, 8)}/artifacts`,
    },
    params: {
      learning_rate: String(lr),
      optimizer,
      n_layers: String(layers),
      batch_size: String(batch),
      dropout: (0.5 * next()).toFixed(3),
      scheduler: next() < 0.5 ? "cosine" : "linear",
      dataset: next() < 0.5 ? "cifar10@v2" : "cifar10@v3-cleaned",
      seed: String(Math.floor(next() * 1000)),
      epochs: "200",
      framework: "torch",
    },
    metrics,
    tags: {
      team: "vision",
      "mlflow.source.name": "train.py",
      "mlflow.source.git.commit": "8f3a1c2d9e4b5a6f7c8d9e0f1a2b3c4d5e6f7a8b",
      ...(next() < 0.2 ? { note: "warm-up too short?" } : {}),
    },
  };
}

/** Experiments with 200, 100,000 and no runs, and a few in folders; runs are newest first. */
export function makeStore(now) {
  const shapes = [
    ["1", "vision/hpo-resnet50", 200],
    ["2", "vision/distill-large", 100_000],
    ["3", "tabular/churn", 12],
    ["0", "Default", 0],
  ];
  const runs = new Map();
  const experiments = shapes.map(([id, name, count]) => {
    const made = Array.from({ length: count }, (_, index) => makeRun(id, index, count, now));
    for (const run of made) runs.set(run.info.run_id, run);
    const tally = (status) => made.filter((run) => run.info.status === status).length;
    return {
      experiment_id: id,
      name,
      artifact_location: `mlflow-artifacts:/${id}`,
      lifecycle_stage: "active",
      creation_time: now - 40 * DAY,
      last_update_time: now - 3 * DAY,
      tags: [],
      runs: count,
      running: tally("RUNNING"),
      failed: tally("FAILED"),
      ...(count ? { last_activity: made[0].info.start_time } : {}),
      made,
    };
  });
  return { experiments, runs };
}

const STEPS = 200;

/** A noisy curve that ends at the run's latest value; every 17th run's val/loss breaks off into NaN. */
export function makeSeries(run, key) {
  const value = run.metrics[key];
  if (value === undefined) return null;
  const last = value === "NaN" ? 0.9 : value;
  const next = random([...`${run.info.run_id}${key}`].reduce((sum, char) => (sum * 31 + char.charCodeAt(0)) | 0, 7));
  const falling = key.includes("loss");
  const flat = key === "throughput" || key.startsWith("system/");
  const steps = [];
  const times = [];
  const values = [];
  for (let step = 0; step < STEPS; step += 1) {
    const decay = Math.exp(-step / 35);
    const noise = (next() - 0.5) * 0.06 * Math.abs(last) * (flat ? 3 : 1);
    const trend = flat ? last : falling ? last + (2.5 - last) * decay : last - (last - 0.1) * decay;
    const broken = value === "NaN" && step > 150 && step % 9 === 0;
    steps.push(step);
    times.push(run.info.start_time + step * 300 + Math.floor(next() * 40));
    values.push(broken || (value === "NaN" && step === STEPS - 1) ? "NaN" : step === STEPS - 1 ? last : trend + noise);
  }
  return { run_id: run.info.run_id, key, steps, times, values };
}
