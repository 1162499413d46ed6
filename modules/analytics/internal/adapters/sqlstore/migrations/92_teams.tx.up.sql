-- Segments have faces of teams, too: all are made anew, and questions read facts until
-- then. What is not sealed begins where the first facts are, marked ones included.
UPDATE analytics_horizons SET first = (SELECT min(m.quarter) FROM analytics_marks m WHERE m.organization_id = analytics_horizons.organization_id)
WHERE first > (SELECT min(m.quarter) FROM analytics_marks m WHERE m.organization_id = analytics_horizons.organization_id);
--bun:split
UPDATE analytics_horizons SET horizon = first, version = version + 1;
--bun:split
DELETE FROM analytics_marks;
--bun:split
DELETE FROM analytics_stale;
--bun:split
DELETE FROM analytics_segments;
--bun:split
-- While the version before runs as well its segments, which lack faces, are
-- refused. What nobody has sealed is read from facts.
ALTER TABLE analytics_segments DROP COLUMN form;
--bun:split
ALTER TABLE analytics_segments ADD COLUMN form INTEGER NOT NULL DEFAULT 0 CHECK (form = 92);
