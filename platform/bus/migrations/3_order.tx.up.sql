-- The place of an event in the order is taken when it is written, and no longer
-- when the transaction of it wrote for the first time: it comes after all that had ended
-- by then. It is never lower than the number of that transaction, so that for the
-- version before nothing changes.
{{if .Postgres}}ALTER TABLE bus_outbox ALTER COLUMN xid SET DEFAULT
  GREATEST(pg_current_xact_id()::text::bigint, pg_snapshot_xmax(pg_current_snapshot())::text::bigint - 1){{else}}SELECT 1{{end}};
