-- What a writer's numbers mean: one row per batch of its journal that declared some, so that a batch
-- writes its own names only. ingest_stream.state says which row was the last.
CREATE TABLE ingest_names (
  writer_id TEXT NOT NULL,
  seq {big} NOT NULL,
  names TEXT NOT NULL,
  PRIMARY KEY (writer_id, seq)
){clustered};
INSERT INTO ingest_names (writer_id, seq, names)
  SELECT writer_id, -1, state FROM ingest_stream WHERE state <> '' AND state <> '{}';
UPDATE ingest_stream SET state = CASE WHEN state = '' OR state = '{}' THEN '' ELSE '-1' END;
