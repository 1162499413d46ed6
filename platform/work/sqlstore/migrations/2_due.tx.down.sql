DROP INDEX work_jobs_due;
