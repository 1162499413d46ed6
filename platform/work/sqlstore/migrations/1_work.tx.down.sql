DROP TABLE work_turns;
--bun:split
DROP TABLE work_jobs;
