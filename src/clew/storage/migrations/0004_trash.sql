-- The trash and its end, and who asked for it.

-- When the experiment came into the trash; nothing changes updated_ms there.
ALTER TABLE experiment ADD COLUMN deleted_ms {big};
UPDATE experiment SET deleted_ms = updated_ms WHERE deleted <> 0;

-- Runs that were deleted for good: what their writers still send is dropped.
CREATE TABLE purged_run (
  run_id TEXT {c} PRIMARY KEY,
  purged_ms {big} NOT NULL
){clustered};

-- Destructive actions. actor: the name that the caller gave, address: where the request came from.
CREATE TABLE audit (
  id {serial},
  ts_ms {big} NOT NULL,
  actor TEXT {c} NOT NULL,
  address TEXT NOT NULL,
  action TEXT NOT NULL,
  entity TEXT NOT NULL,
  entity_id TEXT {c} NOT NULL,
  detail TEXT NOT NULL
);
