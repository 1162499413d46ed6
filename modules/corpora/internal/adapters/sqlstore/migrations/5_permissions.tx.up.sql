-- Roles on corpora: of a user or of a team, the other of the two is 0.
CREATE TABLE corpora_permissions (
  id {{.ID}},
  organization_id BIGINT NOT NULL,
  corpus_id BIGINT NOT NULL,
  user_id BIGINT NOT NULL,
  team_id BIGINT NOT NULL,
  role TEXT NOT NULL,
  created_by TEXT NOT NULL,
  created_on {{.Time}} NOT NULL,
  modified_by TEXT NOT NULL,
  modified_on {{.Time}} NOT NULL
);
--bun:split
CREATE UNIQUE INDEX corpora_permissions_one ON corpora_permissions (corpus_id, user_id, team_id);
--bun:split
CREATE INDEX corpora_permissions_user ON corpora_permissions (user_id, corpus_id) WHERE user_id <> 0;
--bun:split
CREATE INDEX corpora_permissions_team ON corpora_permissions (team_id, corpus_id) WHERE team_id <> 0;
--bun:split
INSERT INTO corpora_permissions (organization_id, corpus_id, user_id, team_id, role, created_by, created_on, modified_by, modified_on)
  SELECT organization_id, id, owner_id, 0, 'owner', created_by, created_on, '', created_on FROM corpora_corpora;
