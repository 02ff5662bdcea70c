-- Moves of the registry that need the consent of others: rules per target, requests, and who agreed.

-- kind: 0 stage, 1 alias. target: the stage or alias to which a version may not be moved without more.
-- gate: a filter that the version's run or logged model must fulfil, '' for none.
CREATE TABLE approval_rule (
  gn {big} NOT NULL,
  kind SMALLINT NOT NULL,
  target TEXT {c} NOT NULL,
  approvals INTEGER NOT NULL,
  gate TEXT NOT NULL,
  actor TEXT NOT NULL,
  ts_ms {big} NOT NULL,
  PRIMARY KEY (gn, kind, target)
){clustered};

-- state: 0 pending, 1 approved, 2 rejected, 3 withdrawn, 4 void because the version was deleted.
CREATE TABLE move_request (
  id {serial},
  gn {big} NOT NULL,
  version INTEGER NOT NULL,
  kind SMALLINT NOT NULL,
  target TEXT {c} NOT NULL,
  archive SMALLINT NOT NULL,
  actor TEXT {c} NOT NULL,
  reason TEXT NOT NULL,
  ts_ms {big} NOT NULL,
  state SMALLINT NOT NULL DEFAULT 0,
  closed_ms {big},
  closed_by TEXT NOT NULL DEFAULT '',
  note TEXT NOT NULL DEFAULT ''
);
CREATE INDEX move_request_by_model ON move_request (gn, state, id);
CREATE INDEX move_request_by_state ON move_request (state, id);

CREATE TABLE move_approval (
  request_id {big} NOT NULL,
  actor TEXT {c} NOT NULL,
  ts_ms {big} NOT NULL,
  note TEXT NOT NULL,
  PRIMARY KEY (request_id, actor)
){clustered};
