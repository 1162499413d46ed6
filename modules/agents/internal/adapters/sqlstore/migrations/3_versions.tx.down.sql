DROP TABLE agents_versions;
--bun:split
ALTER TABLE agents_agents DROP COLUMN version;
