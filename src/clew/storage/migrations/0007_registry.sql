-- The model registry: names, numbered versions, stages, aliases, and who moved what when.

-- last_version: the highest number ever given, so that no number is given twice.
CREATE TABLE registered_model (
  gn {serial},
  name TEXT {c} NOT NULL UNIQUE,
  description TEXT NOT NULL DEFAULT '',
  user_id TEXT NOT NULL DEFAULT '',
  created_ms {big} NOT NULL,
  updated_ms {big} NOT NULL,
  last_version INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE registered_model_tag (
  gn {big} NOT NULL,
  key TEXT {c} NOT NULL,
  value TEXT {c} NOT NULL,
  PRIMARY KEY (gn, key)
){clustered};

-- stage: 0 None, 1 Staging, 2 Production, 3 Archived. status: 0 pending, 1 failed, 2 ready.
-- source: as it was given. storage: where the files lie.
CREATE TABLE model_version (
  vn {serial},
  gn {big} NOT NULL,
  version INTEGER NOT NULL,
  stage SMALLINT NOT NULL DEFAULT 0,
  status SMALLINT NOT NULL,
  status_message TEXT NOT NULL DEFAULT '',
  description TEXT NOT NULL DEFAULT '',
  user_id TEXT NOT NULL DEFAULT '',
  source TEXT {c} NOT NULL,
  storage TEXT {c} NOT NULL,
  run_id TEXT {c} NOT NULL DEFAULT '',
  run_link TEXT NOT NULL DEFAULT '',
  model_id TEXT {c} NOT NULL DEFAULT '',
  created_ms {big} NOT NULL,
  updated_ms {big} NOT NULL,
  UNIQUE (gn, version)
);
CREATE INDEX model_version_by_run ON model_version (run_id);
CREATE INDEX model_version_by_model ON model_version (model_id);

CREATE TABLE model_version_tag (
  vn {big} NOT NULL,
  key TEXT {c} NOT NULL,
  value TEXT {c} NOT NULL,
  PRIMARY KEY (vn, key)
){clustered};

CREATE TABLE model_alias (
  gn {big} NOT NULL,
  alias TEXT {c} NOT NULL,
  version INTEGER NOT NULL,
  PRIMARY KEY (gn, alias)
){clustered};

-- kind: model, version, stage or alias. version: 0 where the model as a whole was changed.
-- before, after: stages, version numbers as texts, or names; '' for none.
CREATE TABLE model_move (
  id {serial},
  gn {big} NOT NULL,
  ts_ms {big} NOT NULL,
  kind TEXT NOT NULL,
  version INTEGER NOT NULL,
  alias TEXT {c} NOT NULL,
  before TEXT NOT NULL,
  after TEXT NOT NULL,
  actor TEXT NOT NULL,
  reason TEXT NOT NULL
);
CREATE INDEX model_move_by_model ON model_move (gn, id);
