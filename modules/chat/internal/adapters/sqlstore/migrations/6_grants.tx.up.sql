CREATE TABLE chat_grants (
  id {{.ID}},
  organization_id BIGINT NOT NULL,
  granted_to BIGINT NOT NULL,
  user_id BIGINT,
  agent_id BIGINT,
  reason TEXT NOT NULL,
  expires_on {{.Time}} NOT NULL,
  ended_on {{.Time}},
  created_by TEXT NOT NULL,
  created_on {{.Time}} NOT NULL,
  modified_by TEXT NOT NULL,
  modified_on {{.Time}} NOT NULL
);
--bun:split
CREATE INDEX chat_grants_of_organization ON chat_grants (organization_id, id);
--bun:split
CREATE INDEX chat_grants_of_holder ON chat_grants (granted_to, expires_on);
--bun:split
CREATE INDEX chat_grants_on_user ON chat_grants (user_id);
--bun:split
CREATE INDEX chat_threads_of_agent ON chat_threads (agent_id);
