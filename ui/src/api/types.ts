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
  starred?: boolean;
  /** Runs started on each of the last 30 days, today last. */
  daily_runs?: number[];
  /** The best latest value of the goal metric, where the experiment names one. */
  best?: WireNumber;
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
  starred?: boolean;
}

/** One value of a requested column: a param or tag text, a metric, or nothing. */
export type CellValue = string | number | null;

export type LifeView = "ACTIVE_ONLY" | "DELETED_ONLY" | "ALL";

/** Which runs: those of experiments that a filter finds. */
export interface RunScope {
  experiment_ids: string[];
  filter?: string;
  view?: LifeView;
}

export interface RunQuery extends RunScope {
  order_by?: string[];
  max_results: number;
  page_token?: string;
  columns: string[];
}

export interface RunPage {
  total: number;
  /** Where to listen on from: every later change is told. */
  rev?: string;
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
  /** "name" alone, where runs read datasets. */
  datasets?: ColumnKey[];
}

export interface WireSeries {
  run_id: string;
  key: string;
  total?: number;
  steps?: number[];
  times?: number[];
  values?: WireNumber[];
  /** With format "packed": base64 of little-endian float64, and of float32. */
  x?: string;
  packed?: string;
}

/** Positions are indices of code points; ranges are half-open. */
export interface FilterSpan {
  start: number;
  stop: number;
  kind: "key" | "operator" | "value" | "keyword" | "text" | "bracket";
}

/** A text that may replace the characters from `from` up to `to`. */
export interface FilterCompletion {
  text: string;
  kind: "prefix" | "key" | "summary" | "operator" | "value" | "keyword";
  from: number;
  to: number;
  detail?: string;
}

export interface FilterVerdict {
  ok: boolean;
  /** Index of the first character that could not be read. */
  position?: number;
  message?: string;
  expected?: string | string[];
  spans?: FilterSpan[];
  completions?: FilterCompletion[];
}

export type BinScale = "equal" | "quantile" | "log";

export interface GroupKey {
  column: string;
  bins?: number;
  scale?: BinScale;
}

export interface GroupQuery extends RunScope {
  by: GroupKey[];
  columns: string[];
  /** "runs", "key", or a column and one of count, mean, sd, median, min and max. */
  sort?: string;
  descending?: boolean;
  limit: number;
  offset: number;
}

/** Neither text nor bounds: the group of runs without a value. */
export interface GroupLabel {
  text?: string;
  low?: WireNumber;
  high?: WireNumber;
}

export interface GroupStatistics {
  count?: number;
  nan?: number;
  mean?: WireNumber;
  sd?: WireNumber;
  median?: WireNumber;
  min?: WireNumber;
  max?: WireNumber;
}

export interface RunGroup {
  labels: GroupLabel[];
  runs: number;
  /** What its runs fulfil, to be joined to the query's filter by AND. */
  filter: string;
  columns?: Record<string, GroupStatistics>;
}

export interface GroupPage {
  runs?: number;
  total?: number;
  groups?: RunGroup[];
}

export interface SuggestedKey {
  key: string;
  runs?: number;
  min?: WireNumber;
  max?: WireNumber;
  distinct?: number;
  numeric?: boolean;
  top?: { value: string; runs: number }[];
}

export interface ColumnSummary {
  column: string;
  count?: number;
  missing?: number;
  distinct?: number;
  numeric?: boolean;
  min?: WireNumber;
  max?: WireNumber;
}

export type ViewScope = "shared" | "private";

/** A saved view; lists leave the body out. */
export interface SavedView {
  view_id: string;
  experiment_id: string;
  name: string;
  scope?: ViewScope;
  owner?: string;
  /** Whether it is what the experiment opens with. */
  preferred?: boolean;
  revision: number;
  last_update_time?: number;
  body?: { search?: string };
}

export type StarKind = "run" | "experiment" | "model";

/** By ids, or by scope with the number of runs that were seen to match. */
export interface BulkTarget extends Partial<RunScope> {
  run_ids?: string[];
  expected_total?: number;
}

export type BulkAction =
  | { action: "tag"; tags?: KeyValue[]; delete_tags?: string[] }
  | { action: "rename"; template: string }
  | { action: "delete" | "restore" }
  | { action: "move" | "copy"; target_experiment_id: string };

export interface BulkResult {
  done?: number;
  failed?: { run_id: string; error_code: string; message: string }[];
  copies?: { run_id: string; copy_id: string }[];
  /** The runs that were changed. */
  run_ids?: string[];
}

export type TableFormat = "csv" | "json" | "parquet";

/** Every run that matches, as a file; absent lists stand for all keys. */
export interface TableQuery extends RunScope {
  order_by?: string[];
  metric_keys?: string[];
  param_keys?: string[];
  tag_keys?: string[];
  format: TableFormat;
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

export type ModelStage = "None" | "Staging" | "Production" | "Archived";

/** A version of a registered model. `version` is its number as text. */
export interface ModelVersion {
  name: string;
  version: string;
  creation_timestamp?: number;
  last_updated_timestamp?: number;
  user_id?: string;
  current_stage?: ModelStage;
  description?: string;
  source?: string;
  run_id?: string;
  status?: string;
  status_message?: string;
  tags?: KeyValue[];
  aliases?: string[];
  model_id?: string;
  /** Of the logged model that the version was made of. */
  model_params?: { name: string; value: string }[];
  model_metrics?: LatestMetric[];
}

export interface RegisteredModel {
  name: string;
  creation_timestamp?: number;
  last_updated_timestamp?: number;
  user_id?: string;
  description?: string;
  /** The highest version in each stage. */
  latest_versions?: ModelVersion[];
  tags?: KeyValue[];
  aliases?: { alias: string; version: string }[];
}

export interface RegisteredModelPage {
  registered_models?: RegisteredModel[];
  next_page_token?: string;
}

/** One step of a registered model's history. `before` and `after`: names, stages or version numbers, empty for none. */
export interface ModelMove {
  id: number;
  timestamp: number;
  kind: "model" | "version" | "stage" | "alias" | "rule" | "request" | "approval" | "rejection" | "withdrawal";
  version?: string;
  alias?: string;
  before?: string;
  after?: string;
  user?: string;
  reason?: string;
}

export interface ModelHistory {
  moves?: ModelMove[];
  /** Whether there are older ones. */
  more?: boolean;
}

/** Where the aliases and the versions of a model stood at a time; all versions that there were. */
export interface ModelState {
  timestamp?: number;
  aliases?: { alias: string; version: string }[];
  stages?: { version: string; stage: ModelStage }[];
}

/** An address that is told of events. */
export interface Webhook {
  webhook_id: string;
  name: string;
  url: string;
  events: string[];
  description?: string;
  status: "ACTIVE" | "DISABLED";
  /** What a run must fulfil for `run.condition_met`. */
  condition?: string;
  /** To which events of runs are limited; none for all. */
  experiment_ids?: string[];
  /** Whether deliveries are signed. The secret itself is never answered. */
  signed?: boolean;
}

/** What a webhook is made of, or what is to change in it; what is absent stays. An empty secret is none. */
export interface WebhookFields {
  name: string;
  url: string;
  description: string;
  events: string[];
  condition: string;
  experiment_ids: string[];
  secret: string;
  status: Webhook["status"];
}
