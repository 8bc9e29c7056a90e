// Made by tools/make_console_types.py from andon.service.schema: do not edit.

export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  at: string;
  do: string;
  errors: (Record<string, string>)[];
}

export type Role = "viewer" | "operator" | "engineer" | "administrator";

export interface Session {
  user: string;
  name: string;
  role: Role;
  language: string;
  csrf: string;
  zone: string;
  site: string;
  version: string;
  now: string;
}

export interface SignIn {
  user: string;
  password: string;
}

export interface Language {
  language: string;
}

export interface NewPassword {
  token: string;
  password: string;
}

export interface FirstSignIn {
  token: string;
  user: string;
  password: string;
  language?: string;
}

export type State = "alarm" | "anomalous" | "cannot_judge" | "normal" | "no_model";

export interface Quality {
  target: string;
  unit: string;
  value: number | null;
  low: number | null;
  high: number | null;
  limit_low: number | null;
  limit_high: number | null;
  at: string;
  why: string;
}

export interface Tile {
  asset: string;
  name: string;
  area: string;
  line: string;
  state: State;
  why: string;
  priority: number | null;
  evidence: (number | null)[];
  ratio: number | null;
  quality: Quality[];
  data_share: number;
  open_alarms: number;
  since: string;
  behind_s: number;
}

export interface Overview {
  tiles: Tile[];
  sources: Source[];
  moved: string[];
  at: string;
}

export interface TagOfAsset {
  id: string;
  name: string;
  unit: string;
  group: string;
  role: string;
  low: number | null;
  high: number | null;
  share: number | null;
  value: number | null;
  expected: number | null;
  expected_low: number | null;
  expected_high: number | null;
  deviation_sigma: number | null;
  status: string;
  out_of_service: string;
}

export interface AssetPage {
  asset: string;
  name: string;
  area: string;
  line: string;
  state: State;
  why: string;
  priority: number | null;
  model: string;
  budget_group: string;
  mode: string;
  first: string;
  last: string;
  tags: TagOfAsset[];
  targets: Quality[];
  open_case: string;
}

export interface Columns {
  time: number[];
  low: (number | null)[];
  high: (number | null)[];
  mean: (number | null)[];
}

export interface TagTrend {
  tag: string;
  unit: string;
  measured: Columns;
  expected_low: (number | null)[];
  expected_high: (number | null)[];
}

export interface QualityTrend {
  target: string;
  unit: string;
  predicted: Columns;
  low: (number | null)[];
  high: (number | null)[];
  lab_time: number[];
  lab_value: number[];
  limit_low: number | null;
  limit_high: number | null;
}

export interface Span {
  kind: string;
  start: number;
  end: number | null;
  text: string;
  id: string;
  priority: number | null;
}

export interface Trend {
  start: number;
  end: number;
  level_s: number;
  evidence: Columns;
  threshold: number;
  tags: TagTrend[];
  quality: QualityTrend[];
  spans: Span[];
}

export interface AlarmRow {
  id: string;
  case: string;
  asset: string;
  name: string;
  kind: string;
  state: string;
  priority: number;
  severity: number;
  text: string;
  tags: string[];
  raised: string;
  cleared: string;
  count: number;
  acknowledged_by: string;
  shelved_until: string;
  mark: string;
  assigned: string;
  number: number;
}

export interface AlarmList {
  rows: AlarmRow[];
  total: number;
  next: string;
  counts: Record<string, number>;
}

export interface Act {
  kind: string;
  number?: number | null;
  reason?: string;
  until?: string;
  text?: string;
  mark?: string;
  to?: string;
}

export interface BulkAct {
  ids: string[];
  act: Act;
}

export interface Note {
  note: string;
}

export interface ActResult {
  done: AlarmRow[];
  refused: Record<string, string>;
}

export interface Share {
  tag: string;
  name: string;
  unit: string;
  group: string;
  share: number;
  onset: string;
}

export interface AlarmRecord {
  number: number;
  at: string;
  by: string;
  kind: string;
  text: string;
}

export interface SimilarCase {
  id: string;
  asset: string;
  text: string;
  onset: string;
  likeness: number;
  mark: string;
  tag: string;
  then: Columns;
  now: Columns;
}

export interface CasePage {
  id: string;
  asset: string;
  name: string;
  state: string;
  priority: number;
  text: string;
  onset: string;
  start: string;
  peak: string;
  end: string;
  view: string;
  severity: number;
  quality_relevant: boolean | null;
  shares: Share[];
  check: string[];
  action: string;
  consequence: string;
  records: AlarmRecord[];
  similar: SimilarCase[];
  alarms: AlarmRow[];
  mark: string;
  model: string;
  threshold: number;
}

export interface Effect {
  per_week: number;
  threshold: number;
  delay_s: Record<string, number | null>;
  found: Record<string, number>;
  would_have_opened: number;
  low: number;
  high: number;
}

export interface BudgetPage {
  group: string;
  assets: string[];
  promise: string;
  per_week: number;
  low: number;
  high: number;
  observed_per_week: number | null;
  observed_h: number;
  unmarked: number;
  moved: boolean;
  tightest: string;
  why_not: string;
  curve: Effect[];
  controller: [number, number][];
}

export interface NewBudget {
  budget: string;
  why?: string;
}

export interface ModelVersion {
  model: string;
  version: string;
  state: string;
  trained: string;
  method: string;
  assets: string[];
  card: Record<string, unknown>;
  signed: boolean;
}

export interface Models {
  versions: ModelVersion[];
}

export type SourceState = "live" | "catching_up" | "connecting" | "down" | "stopped";

export interface Source {
  name: string;
  kind: string;
  state: SourceState;
  text: string;
  lag_s: number;
  values_per_s: number;
  lost: number;
  set_aside: number;
  since: string;
}

export interface Outlet {
  name: string;
  kind: string;
  sent: number;
  failed: number;
  given_up: number;
  waiting: number;
  text: string;
  last_sent: string;
}

export interface StatusMap {
  tags: string[];
  time: number[];
  share: ((number | null)[])[];
}

export interface Finding {
  tag: string;
  kind: string;
  weight: number;
  evidence: string;
  consequence: string;
  suggestion: string;
}

export interface DeadLetter {
  source: string;
  reason: string;
  at: string;
  detail: string;
  sample: string;
}

export interface DataPage {
  sources: Source[];
  map: StatusMap;
  findings: Finding[];
  dead_letters: DeadLetter[];
  outlets: Outlet[];
}

export interface Number {
  key: string;
  text: string;
  value: number | null;
  unit: string;
  target: string;
  good: boolean | null;
}

export interface Flood {
  start: string;
  end: string;
  alarms: number;
  first: string;
}

export interface BadActor {
  asset: string;
  text: string;
  count: number;
  share: number;
}

export interface KpiPage {
  start: string;
  end: string;
  numbers: Number[];
  floods: Flood[];
  bad_actors: BadActor[];
  priority_mix: Record<string, number>;
  promised: number;
  observed: number | null;
  unmarked: number;
}

export interface LedgerEntry {
  number: number;
  at: string;
  by: string;
  what: string;
  data: Record<string, unknown>;
  hash: string;
}

export interface LedgerPage {
  entries: LedgerEntry[];
  next: string;
  head: string;
  whole: boolean;
}

export interface User {
  user: string;
  name: string;
  role: Role;
  language: string;
  locked: boolean;
  last_seen: string;
}

export interface NewUser {
  user: string;
  role: Role;
  password: string;
  name?: string;
  language?: string;
}

export interface ChangedUser {
  role?: Role | null;
  password?: string | null;
  locked?: boolean | null;
  name?: string | null;
}

export interface Token {
  id: string;
  name: string;
  role: Role;
  scopes: string[];
  created: string;
  last_used: string;
  expires: string;
}

export interface NewToken {
  name: string;
  role: Role;
  scopes?: string[];
  expires?: string;
}

export interface TokenMade {
  id: string;
  secret: string;
}

export interface Maintenance {
  id: string;
  assets: string[];
  start: string;
  end: string;
  why: string;
  by: string;
}

export interface NewMaintenance {
  start: string;
  end: string;
  why: string;
  assets?: string[];
}

export interface OutOfService {
  asset: string;
  tag: string;
  until: string;
  why: string;
  by: string;
}

export interface NewOutOfService {
  tag: string;
  why: string;
  asset?: string;
  until?: string;
}

export interface Handover {
  shift: string;
  start: string;
  end: string;
  text: string[];
  note: string;
}

export interface Pushed {
  accepted: number;
  set_aside: number;
  reasons: string[];
}

export interface LabResult {
  target: string;
  sample_time: string;
  value: number;
  asset: string;
  result_time: string;
}

export interface Readiness {
  status: string;
  parts: Record<string, string>;
}

export interface Live {
  id: number;
  what: string;
  data: Record<string, unknown>;
}
