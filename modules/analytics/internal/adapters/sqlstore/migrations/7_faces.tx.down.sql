DELETE FROM analytics_segments WHERE face = 10;
