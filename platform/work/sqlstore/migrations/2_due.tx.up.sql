-- It is for the statement that asks what is due first. The one that finds
-- whose turn it is must keep to work_jobs_ready, where it reads one job of a
-- tenant and not all that are due; it does not say "attempts >= 0".
CREATE INDEX work_jobs_due ON work_jobs (kind, due_at) WHERE state = 'ready' AND NOT alone AND attempts >= 0;
