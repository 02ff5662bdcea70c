-- A run's signs of life.

-- 1: the server took the run for dead, and undoes that as soon as its writer speaks.
ALTER TABLE run ADD COLUMN reaped SMALLINT NOT NULL DEFAULT 0;

-- Only runs at work are in it, so that looking for silent ones costs the same in a store of a million.
CREATE INDEX run_by_heartbeat ON run (heartbeat_ms) WHERE status = 1 AND heartbeat_ms IS NOT NULL;
