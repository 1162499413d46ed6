CREATE TABLE evaluations_datasets (
  id {{.ID}},
  organization_id BIGINT NOT NULL,
  agent_id BIGINT NOT NULL,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  version BIGINT NOT NULL,
  query_count BIGINT NOT NULL,
  is_deleted BOOLEAN NOT NULL,
  created_by TEXT NOT NULL,
  created_on {{.Time}} NOT NULL,
  modified_by TEXT NOT NULL,
  modified_on {{.Time}} NOT NULL
);
--bun:split
CREATE INDEX evaluations_datasets_agent ON evaluations_datasets (organization_id, agent_id, id);
--bun:split
CREATE TABLE evaluations_queries (
  id {{.ID}},
  dataset_id BIGINT NOT NULL,
  version BIGINT NOT NULL,
  query TEXT NOT NULL,
  expected_answer TEXT NOT NULL,
  expected_documents TEXT NOT NULL,
  source_agent_response BIGINT,
  source_documents TEXT NOT NULL,
  fingerprint TEXT NOT NULL
);
--bun:split
CREATE INDEX evaluations_queries_dataset ON evaluations_queries (dataset_id, version, id);
--bun:split
CREATE TABLE evaluations_tests (
  id {{.ID}},
  organization_id BIGINT NOT NULL,
  agent_id BIGINT NOT NULL,
  dataset_id BIGINT NOT NULL,
  dataset_version BIGINT NOT NULL,
  user_id BIGINT NOT NULL,
  thread_id BIGINT NOT NULL,
  name TEXT NOT NULL,
  status TEXT NOT NULL,
  run BIGINT NOT NULL,
  metrics TEXT NOT NULL,
  judge_model TEXT NOT NULL,
  threshold DOUBLE PRECISION,
  baseline_id BIGINT,
  passed BOOLEAN,
  total BIGINT NOT NULL,
  done BIGINT NOT NULL,
  failed BIGINT NOT NULL,
  scores TEXT NOT NULL,
  agent_versions TEXT NOT NULL,
  models TEXT NOT NULL,
  gate_sum DOUBLE PRECISION NOT NULL,
  gate_count BIGINT NOT NULL,
  regressed BIGINT NOT NULL,
  last_event BIGINT NOT NULL,
  started_on {{.Time}},
  finished_on {{.Time}},
  failure_reason TEXT NOT NULL,
  created_by TEXT NOT NULL,
  created_on {{.Time}} NOT NULL,
  modified_by TEXT NOT NULL,
  modified_on {{.Time}} NOT NULL
);
--bun:split
CREATE INDEX evaluations_tests_agent ON evaluations_tests (organization_id, agent_id, id);
--bun:split
CREATE INDEX evaluations_tests_dataset ON evaluations_tests (dataset_id, dataset_version);
--bun:split
CREATE INDEX evaluations_tests_open ON evaluations_tests (id) WHERE status IN ('pending', 'running');
--bun:split
CREATE TABLE evaluations_results (
  id {{.ID}},
  test_id BIGINT NOT NULL,
  query_id BIGINT NOT NULL,
  status TEXT NOT NULL,
  agent_response_id BIGINT NOT NULL,
  agent_version BIGINT NOT NULL,
  model TEXT NOT NULL,
  scores TEXT NOT NULL,
  passed BOOLEAN,
  failure_reason TEXT NOT NULL,
  document_ids TEXT NOT NULL,
  ended_on {{.Time}}
);
--bun:split
CREATE INDEX evaluations_results_test ON evaluations_results (test_id, id);
--bun:split
CREATE INDEX evaluations_results_waiting ON evaluations_results (test_id, id) WHERE status = 'pending';
--bun:split
CREATE TABLE evaluations_texts (
  result_id BIGINT PRIMARY KEY,
  test_id BIGINT NOT NULL,
  answer TEXT NOT NULL,
  details TEXT NOT NULL
);
--bun:split
CREATE INDEX evaluations_texts_test ON evaluations_texts (test_id);
--bun:split
CREATE TABLE evaluations_progress (
  id {{.ID}},
  test_id BIGINT NOT NULL,
  sequence BIGINT NOT NULL,
  step TEXT NOT NULL,
  message TEXT NOT NULL,
  status TEXT NOT NULL,
  total BIGINT NOT NULL,
  done BIGINT NOT NULL,
  failed BIGINT NOT NULL
);
--bun:split
CREATE UNIQUE INDEX evaluations_progress_test ON evaluations_progress (test_id, sequence);
--bun:split
CREATE TABLE evaluations_comparisons (
  test_id BIGINT PRIMARY KEY,
  comparison TEXT NOT NULL
);
