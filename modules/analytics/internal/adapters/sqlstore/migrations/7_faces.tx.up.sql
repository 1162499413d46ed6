-- Segments have one more face: all are made anew, and questions read facts until
-- then. What has been sealed is told from what has not by the horizon alone.
DELETE FROM analytics_segments;
--bun:split
DELETE FROM analytics_stale;
--bun:split
DELETE FROM analytics_marks;
--bun:split
UPDATE analytics_horizons SET horizon = first, version = version + 1;
