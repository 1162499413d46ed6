CREATE TABLE work_jobs (
  id {{.ID}},
  kind TEXT NOT NULL,
  tenant BIGINT NOT NULL,
  key TEXT NOT NULL,
  payload TEXT NOT NULL,
  priority BIGINT NOT NULL,
  due_at {{.Time}} NOT NULL,
  state TEXT NOT NULL,
  alone BOOLEAN NOT NULL,
  is_cancelled BOOLEAN NOT NULL,
  owner TEXT NOT NULL,
  token BIGINT NOT NULL,
  leased_until {{.Time}},
  attempts BIGINT NOT NULL,
  error TEXT NOT NULL,
  progress TEXT NOT NULL,
  changed_on {{.Time}} NOT NULL
);
--bun:split
CREATE UNIQUE INDEX work_jobs_key ON work_jobs (kind, key) WHERE key <> '';
--bun:split
CREATE INDEX work_jobs_ready ON work_jobs (kind, tenant, priority DESC, due_at, id) WHERE state = 'ready' AND NOT alone;
--bun:split
CREATE INDEX work_jobs_alone ON work_jobs (kind, due_at, id) WHERE state = 'ready' AND alone;
--bun:split
CREATE INDEX work_jobs_running ON work_jobs (kind, tenant) WHERE state = 'running';
--bun:split
CREATE INDEX work_jobs_dead ON work_jobs (changed_on, id) WHERE state = 'dead';
--bun:split
CREATE TABLE work_turns (
  kind TEXT NOT NULL,
  tenant BIGINT NOT NULL,
  served_at BIGINT NOT NULL,
  PRIMARY KEY (kind, tenant)
){{if not .Postgres}} WITHOUT ROWID{{end}};
