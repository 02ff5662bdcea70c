-- Tracking: experiments, runs, metrics, params, tags, datasets, logged models.
-- One text for SQLite and PostgreSQL. {big}, {blob}, {float}, {serial}, {clustered}, {c} are the words
-- that differ; storage/dialect.py holds them.

CREATE TABLE meta (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
){clustered};
-- The counter behind every change column on SQLite; PostgreSQL uses transaction ids.
INSERT INTO meta (name, value) VALUES ('change', '0');

CREATE TABLE experiment (
  id {serial},
  name TEXT {c} NOT NULL UNIQUE,
  artifact_location TEXT NOT NULL,
  deleted SMALLINT NOT NULL DEFAULT 0,
  created_ms {big} NOT NULL,
  updated_ms {big} NOT NULL,
  change {big} NOT NULL
);

CREATE TABLE experiment_tag (
  experiment_id INTEGER NOT NULL,
  key TEXT {c} NOT NULL,
  value TEXT {c} NOT NULL,
  PRIMARY KEY (experiment_id, key)
){clustered};

-- Every metric, param and tag name of an experiment is a small number. kind: 0 metric, 1 param, 2 tag.
CREATE TABLE key (
  id {serial},
  experiment_id INTEGER NOT NULL,
  kind SMALLINT NOT NULL,
  name TEXT {c} NOT NULL,
  UNIQUE (experiment_id, kind, name)
);

-- rn grows with creation, so that the rows of a run lie together.
-- status: 1 running, 2 scheduled, 3 finished, 4 failed, 5 killed (MLflow's numbers).
CREATE TABLE run (
  rn {serial},
  run_id TEXT {c} NOT NULL UNIQUE,
  experiment_id INTEGER NOT NULL,
  name TEXT {c} NOT NULL,
  status SMALLINT NOT NULL,
  user_id TEXT {c} NOT NULL,
  start_ms {big} NOT NULL,
  end_ms {big},
  deleted SMALLINT NOT NULL DEFAULT 0,
  deleted_ms {big},
  artifact_uri TEXT {c} NOT NULL,
  heartbeat_ms {big},
  change {big} NOT NULL
);
CREATE INDEX run_by_change ON run (experiment_id, change);
CREATE INDEX run_by_start ON run (experiment_id, start_ms);

-- Summary of each series, kept at write. NaN is no SQL number here: *_nan says so and the value is NULL.
-- last = largest (step, ts, value), first = smallest; NaN counts as the smallest value.
CREATE TABLE latest_metric (
  rn {big} NOT NULL,
  key INTEGER NOT NULL,
  value {float},
  is_nan SMALLINT NOT NULL DEFAULT 0,
  step {big} NOT NULL,
  ts {big} NOT NULL,
  ctx INTEGER NOT NULL DEFAULT 0,
  first_value {float},
  first_nan SMALLINT NOT NULL DEFAULT 0,
  first_step {big} NOT NULL,
  first_ts {big} NOT NULL,
  min_value {float},
  max_value {float},
  PRIMARY KEY (rn, key)
){clustered};

-- number: the value parsed once at write when it is a finite decimal or exponent form, else NULL.
CREATE TABLE param (
  rn {big} NOT NULL,
  key INTEGER NOT NULL,
  value TEXT {c} NOT NULL,
  number {float},
  PRIMARY KEY (rn, key)
){clustered};

CREATE TABLE tag (
  rn {big} NOT NULL,
  key INTEGER NOT NULL,
  value TEXT {c} NOT NULL,
  PRIMARY KEY (rn, key)
){clustered};

-- What a point is bound to; ctx 0 means nothing and has no row.
CREATE TABLE metric_ctx (
  id {serial},
  model_id TEXT {c} NOT NULL,
  dataset_name TEXT {c} NOT NULL,
  dataset_digest TEXT {c} NOT NULL,
  rank INTEGER NOT NULL DEFAULT -1,
  UNIQUE (model_id, dataset_name, dataset_digest, rank)
);

-- One row per group commit: runs = who has points inside (small, read first), body = columns.
CREATE TABLE metric_log (
  id {serial},
  n INTEGER NOT NULL,
  runs {blob} NOT NULL,
  body {blob} NOT NULL
);

-- Level 1: all keys of a run out of one compaction window.
CREATE TABLE metric_block (
  rn {big} NOT NULL,
  lo {big} NOT NULL,
  n INTEGER NOT NULL,
  nkeys INTEGER NOT NULL,
  body {blob} NOT NULL,
  PRIMARY KEY (rn, lo)
);

-- Level 2: up to 65,536 points of one series. flags: 1 sorted by step, 2 has NaN, 4 has ctx.
CREATE TABLE metric_chunk (
  rn {big} NOT NULL,
  key INTEGER NOT NULL,
  lo {big} NOT NULL,
  n INTEGER NOT NULL,
  step_min {big} NOT NULL,
  step_max {big} NOT NULL,
  ts_min {big} NOT NULL,
  ts_max {big} NOT NULL,
  flags SMALLINT NOT NULL,
  body {blob} NOT NULL,
  PRIMARY KEY (rn, key, lo)
);

-- Exactly once: how many slots of a writer's journal are applied.
CREATE TABLE ingest_stream (
  writer_id TEXT PRIMARY KEY,
  rn {big} NOT NULL,
  seq {big} NOT NULL,
  state TEXT NOT NULL,
  seen_ms {big} NOT NULL
){clustered};

CREATE TABLE dataset (
  id {serial},
  experiment_id INTEGER NOT NULL,
  name TEXT {c} NOT NULL,
  digest TEXT {c} NOT NULL,
  source_type TEXT NOT NULL,
  source TEXT NOT NULL,
  schema TEXT,
  profile TEXT,
  UNIQUE (experiment_id, name, digest)
);

CREATE TABLE run_input (
  id {serial},
  rn {big} NOT NULL,
  dataset_id INTEGER NOT NULL,
  context TEXT {c},
  UNIQUE (rn, dataset_id)
);

CREATE TABLE run_input_tag (
  input_id INTEGER NOT NULL,
  key TEXT {c} NOT NULL,
  value TEXT {c} NOT NULL,
  PRIMARY KEY (input_id, key)
){clustered};

-- direction: 0 input, 1 output.
CREATE TABLE run_model (
  id {serial},
  rn {big} NOT NULL,
  model_id TEXT {c} NOT NULL,
  direction SMALLINT NOT NULL,
  step {big} NOT NULL DEFAULT 0,
  UNIQUE (rn, model_id, direction)
);

-- status: MLflow's numbers, 1 pending, 2 ready, 3 upload failed.
CREATE TABLE logged_model (
  mn {serial},
  model_id TEXT {c} NOT NULL UNIQUE,
  experiment_id INTEGER NOT NULL,
  name TEXT {c} NOT NULL,
  artifact_location TEXT NOT NULL,
  created_ms {big} NOT NULL,
  updated_ms {big} NOT NULL,
  status SMALLINT NOT NULL,
  model_type TEXT {c} NOT NULL,
  source_run_id TEXT {c} NOT NULL,
  status_message TEXT NOT NULL,
  deleted_ms {big}
);
CREATE INDEX logged_model_by_experiment ON logged_model (experiment_id, created_ms);

CREATE TABLE logged_model_param (
  mn {big} NOT NULL,
  key TEXT {c} NOT NULL,
  value TEXT {c} NOT NULL,
  PRIMARY KEY (mn, key)
){clustered};

CREATE TABLE logged_model_tag (
  mn {big} NOT NULL,
  key TEXT {c} NOT NULL,
  value TEXT {c} NOT NULL,
  PRIMARY KEY (mn, key)
){clustered};

-- Latest value of each metric bound to a model, per dataset it was measured on.
CREATE TABLE logged_model_metric (
  model_id TEXT {c} NOT NULL,
  key TEXT {c} NOT NULL,
  dataset_name TEXT {c} NOT NULL,
  dataset_digest TEXT {c} NOT NULL,
  run_id TEXT {c} NOT NULL,
  value {float},
  is_nan SMALLINT NOT NULL DEFAULT 0,
  step {big} NOT NULL,
  ts {big} NOT NULL,
  PRIMARY KEY (model_id, key, dataset_name, dataset_digest, run_id)
){clustered};
