-- The models of a run are listed with its files, also those that it did not link as its outputs.
CREATE INDEX logged_model_by_run ON logged_model (source_run_id);
