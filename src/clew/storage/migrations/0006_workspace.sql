-- What people keep for themselves: saved views, short links, stars.

-- scope: shared or private; owner: the name that its maker gave. preferred: 1 for the experiment's default view.
-- body: a JSON object that the UI understands. revision: grows with every change.
CREATE TABLE saved_view (
  id {serial},
  experiment_id INTEGER NOT NULL,
  name TEXT {c} NOT NULL,
  scope TEXT NOT NULL,
  owner TEXT {c} NOT NULL,
  preferred SMALLINT NOT NULL DEFAULT 0,
  body TEXT NOT NULL,
  revision INTEGER NOT NULL,
  created_ms {big} NOT NULL,
  updated_ms {big} NOT NULL
);
CREATE INDEX saved_view_by_experiment ON saved_view (experiment_id);

-- id: out of a digest of the path, so that one path has one link.
CREATE TABLE short_link (
  id TEXT {c} PRIMARY KEY,
  path TEXT NOT NULL,
  created_ms {big} NOT NULL
){clustered};

-- kind: 0 run, 1 experiment, 2 logged model.
CREATE TABLE star (
  kind SMALLINT NOT NULL,
  entity TEXT {c} NOT NULL,
  starred_ms {big} NOT NULL,
  PRIMARY KEY (kind, entity)
){clustered};
