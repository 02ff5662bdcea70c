/** The messages of the native API and of the few MLflow routes that the pages read. Times are milliseconds since 1970. */

/** A double on the wire: what JSON cannot say comes as a string. */
export type WireNumber = number | "NaN" | "Infinity" | "-Infinity";

export type RunStatus = "RUNNING" | "SCHEDULED" | "FINISHED" | "FAILED" | "KILLED";
export type Stage = "active" | "deleted";

export interface KeyValue {
  key: string;
  value: string;
}

export interface ServerInfo {
  name: string;
  version: string;
  mlflow_version: string;
  store: string;
  store_uri?: string;
}

export interface Experiment {
  experiment_id: string;
  name: string;
  artifact_location?: string;
  lifecycle_stage?: Stage;
  creation_time?: number;
  last_update_time?: number;
  tags?: KeyValue[];
}

export interface ExperimentActivity extends Experiment {
  runs?: number;
  running?: number;
  failed?: number;
  last_activity?: number;
}

export interface ExperimentPage {
  experiments?: ExperimentActivity[];
  next_page_token?: string;
  total?: number;
}

/** What the table shows of a run beside its columns. */
export interface RunHead {
  run_id: string;
  experiment_id: string;
  run_name?: string;
  user_id?: string;
  status: RunStatus;
  start_time?: number;
  end_time?: number;
  lifecycle_stage?: Stage;
}

/** One value of a requested column: a param or tag text, a metric, or nothing. */
export type CellValue = string | number | null;

export interface RunQuery {
  experiment_ids: string[];
  filter?: string;
  order_by?: string[];
  max_results: number;
  page_token?: string;
  columns: string[];
}

export interface RunPage {
  total: number;
  next_page_token?: string;
  runs?: RunHead[];
  /** Per requested column one value per run, in the order of `runs`. */
  columns?: Record<string, CellValue[]>;
}

export interface ColumnKey {
  key: string;
  /** Runs that have the key, among the newest 1000. */
  runs: number;
  /** Different values among them; params only. */
  distinct?: number;
}

export interface ExperimentColumns {
  params?: ColumnKey[];
  metrics?: ColumnKey[];
  tags?: ColumnKey[];
}

export interface WireSeries {
  run_id: string;
  key: string;
  steps?: number[];
  times?: number[];
  values?: WireNumber[];
}

export interface FilterVerdict {
  ok: boolean;
  /** Index of the first character that could not be read. */
  position?: number;
  message?: string;
  expected?: string | string[];
}

export interface RunInfo extends RunHead {
  artifact_uri?: string;
}

export interface LatestMetric {
  key: string;
  value: WireNumber;
  timestamp?: number;
  step?: number;
}

export interface DatasetInput {
  tags?: KeyValue[];
  dataset: { name: string; digest: string; source_type?: string; source?: string; schema?: string; profile?: string };
}

export interface Run {
  info: RunInfo;
  data?: { metrics?: LatestMetric[]; params?: KeyValue[]; tags?: KeyValue[] };
  inputs?: { dataset_inputs?: DatasetInput[]; model_inputs?: { model_id: string }[] };
  outputs?: { model_outputs?: { model_id: string; step?: number }[] };
}

export interface ArtifactEntry {
  /** Path from the run's root, parts joined by "/". */
  path: string;
  is_dir?: boolean;
  file_size?: number | string;
  /** Told by the native call, instead of `file_size`. */
  size?: number;
  sha256?: string;
}

export interface ArtifactList {
  root_uri?: string;
  files?: ArtifactEntry[];
  next_page_token?: string;
}

/** One run's points of one key, as base64 of little-endian numbers. */
export interface PackedSeries {
  run_id: string;
  key: string;
  /** Points in the range before any were left out. */
  total?: number;
  /** float64: steps, or milliseconds. */
  x?: string;
  /** float32. */
  packed?: string;
}

export interface SeriesQuery {
  run_ids: string[];
  keys: string[];
  max_points: number;
  x: "step" | "time" | "relative";
  start_step?: number;
  end_step?: number;
  start_time?: number;
  end_time?: number;
}

export interface ParamImportance {
  param: string;
  /** Set for the row of the datasets' names. */
  kind?: "dataset";
  importance?: number;
  spread?: number;
  correlation?: number;
  runs?: number;
  distinct?: number;
}

export interface ImportanceAnswer {
  params?: ParamImportance[];
  runs?: number;
  sampled_runs?: number;
  method?: "forest" | "correlation";
  score?: WireNumber;
  message?: string;
}
