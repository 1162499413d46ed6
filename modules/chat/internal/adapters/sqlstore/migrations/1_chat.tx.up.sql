CREATE TABLE chat_threads (
  id {{.ID}},
  organization_id BIGINT NOT NULL,
  agent_id BIGINT NOT NULL,
  user_id BIGINT NOT NULL,
  corpus_id BIGINT,
  chat_id TEXT,
  title TEXT NOT NULL,
  query_source TEXT,
  is_deleted BOOLEAN NOT NULL,
  is_system_created BOOLEAN NOT NULL,
  created_by TEXT NOT NULL,
  created_on {{.Time}} NOT NULL,
  modified_by TEXT NOT NULL,
  modified_on {{.Time}} NOT NULL
);
--bun:split
CREATE INDEX chat_threads_of_user ON chat_threads (user_id, agent_id, modified_on, id);
--bun:split
CREATE TABLE chat_runs (
  id {{.ID}},
  run_id TEXT NOT NULL,
  organization_id BIGINT NOT NULL,
  thread_id BIGINT NOT NULL,
  agent_id BIGINT NOT NULL,
  agent_type TEXT NOT NULL,
  project_id BIGINT NOT NULL,
  team_id BIGINT NOT NULL,
  user_id BIGINT NOT NULL,
  state TEXT NOT NULL,
  query_source TEXT NOT NULL,
  message_id TEXT,
  model TEXT NOT NULL,
  prompt_tokens BIGINT NOT NULL,
  completion_tokens BIGINT NOT NULL,
  cost_nano BIGINT NOT NULL,
  cache_hit BOOLEAN NOT NULL,
  is_deleted BOOLEAN NOT NULL,
  created_by TEXT NOT NULL,
  created_on {{.Time}} NOT NULL,
  modified_on {{.Time}} NOT NULL,
  failure_code TEXT NOT NULL,
  failure_details TEXT NOT NULL,
  cancel_requested BOOLEAN NOT NULL,
  owner TEXT NOT NULL,
  lease_until {{.Time}} NOT NULL,
  last_sequence BIGINT NOT NULL,
  estimated_prompt BIGINT NOT NULL,
  idempotency_key TEXT,
  fingerprint TEXT NOT NULL
);
--bun:split
CREATE UNIQUE INDEX chat_runs_key ON chat_runs (user_id, idempotency_key) WHERE idempotency_key IS NOT NULL;
--bun:split
CREATE INDEX chat_runs_of_thread ON chat_runs (thread_id, id);
--bun:split
CREATE INDEX chat_runs_of_user ON chat_runs (user_id);
--bun:split
CREATE INDEX chat_runs_open ON chat_runs (id) WHERE state IN ('queued', 'in_progress');
--bun:split
CREATE TABLE chat_contents (
  run_id {{if .Postgres}}BIGINT{{else}}INTEGER{{end}} PRIMARY KEY,
  question TEXT NOT NULL,
  answer TEXT NOT NULL,
  search_query TEXT NOT NULL,
  sources TEXT NOT NULL,
  history TEXT,
  "references" TEXT,
  follow_ups TEXT,
  corpus_ids TEXT,
  prompt_prefix TEXT NOT NULL,
  instructions TEXT,
  options TEXT NOT NULL
);
--bun:split
CREATE TABLE chat_events (
  run_id BIGINT NOT NULL,
  sequence BIGINT NOT NULL,
  step TEXT NOT NULL,
  message TEXT NOT NULL,
  delta TEXT NOT NULL,
  code TEXT NOT NULL,
  details TEXT NOT NULL,
  PRIMARY KEY (run_id, sequence)
){{if not .Postgres}} WITHOUT ROWID{{end}};
--bun:split
CREATE TABLE chat_thoughts (
  run_id BIGINT NOT NULL,
  "order" BIGINT NOT NULL,
  step TEXT NOT NULL,
  title TEXT NOT NULL,
  message TEXT NOT NULL,
  started_on {{.Time}} NOT NULL,
  duration_ms BIGINT NOT NULL,
  detail TEXT NOT NULL,
  PRIMARY KEY (run_id, "order")
){{if not .Postgres}} WITHOUT ROWID{{end}};
--bun:split
CREATE TABLE chat_support (
  run_id BIGINT NOT NULL,
  number BIGINT NOT NULL,
  chunk_id BIGINT NOT NULL,
  document_id BIGINT NOT NULL,
  corpus_id BIGINT NOT NULL,
  title TEXT NOT NULL,
  url TEXT NOT NULL,
  text TEXT NOT NULL,
  page BIGINT,
  score DOUBLE PRECISION NOT NULL,
  PRIMARY KEY (run_id, number)
){{if not .Postgres}} WITHOUT ROWID{{end}};
--bun:split
CREATE TABLE chat_ledger (
  id {{.ID}},
  run_id BIGINT NOT NULL,
  purpose TEXT NOT NULL,
  model TEXT NOT NULL,
  fresh_input BIGINT NOT NULL,
  cached_input BIGINT NOT NULL,
  output BIGINT NOT NULL,
  reasoning BIGINT NOT NULL,
  cost_nano BIGINT NOT NULL,
  usage_source TEXT NOT NULL,
  raw TEXT,
  created_on {{.Time}} NOT NULL
);
--bun:split
CREATE INDEX chat_ledger_run ON chat_ledger (run_id);
