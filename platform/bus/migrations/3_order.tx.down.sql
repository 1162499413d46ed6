{{if .Postgres}}ALTER TABLE bus_outbox ALTER COLUMN xid SET DEFAULT (pg_current_xact_id()::text::bigint){{else}}SELECT 1{{end}};
