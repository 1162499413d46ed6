DROP INDEX agents_agents_access;
--bun:split
DROP INDEX agents_stars_agent;
--bun:split
DROP INDEX agents_recents_agent;
--bun:split
DROP TABLE agents_aliases;
--bun:split
DROP TABLE agents_ratings;
--bun:split
DROP TABLE agents_reviews;
--bun:split
DROP TABLE agents_runs;
