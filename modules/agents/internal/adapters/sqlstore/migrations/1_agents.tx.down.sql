DROP TABLE agents_stars;
--bun:split
DROP TABLE agents_recents;
--bun:split
DROP TABLE agents_instructions;
--bun:split
DROP TABLE agents_agents;
--bun:split
DROP TABLE agents_types;
