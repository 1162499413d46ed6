{{- if .Postgres}}
DROP VIEW chat_support;
--bun:split
DROP VIEW chat_thoughts;
--bun:split
DROP VIEW chat_events;
--bun:split
DROP FUNCTION chat_write_as_before();
--bun:split
{{end -}}
ALTER TABLE chat_old_support RENAME TO chat_support;
--bun:split
ALTER TABLE chat_old_thoughts RENAME TO chat_thoughts;
--bun:split
ALTER TABLE chat_streams DROP COLUMN earlier;
--bun:split
ALTER TABLE chat_streams RENAME TO chat_events;
--bun:split
CREATE INDEX chat_runs_of_user ON chat_runs (user_id);
--bun:split
{{if .Postgres}}ALTER TABLE chat_contents RESET (toast_tuple_target){{else}}SELECT 1{{end}};
--bun:split
ALTER TABLE chat_contents DROP COLUMN support;
--bun:split
ALTER TABLE chat_contents DROP COLUMN thoughts;
--bun:split
ALTER TABLE chat_contents DROP COLUMN documents;
