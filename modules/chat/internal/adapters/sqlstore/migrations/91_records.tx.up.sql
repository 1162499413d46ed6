-- Thoughts and supporting content stand with the answer, each as one value, and
-- the events of a commit are one row of a stream: the last of them, with those
-- before it in "earlier". What was stored before stays where it is, for the tables
-- may be large; there the new values are NULL.
ALTER TABLE chat_contents ADD COLUMN documents TEXT;
--bun:split
ALTER TABLE chat_contents ADD COLUMN thoughts TEXT;
--bun:split
ALTER TABLE chat_contents ADD COLUMN support TEXT;
--bun:split
-- Uncompressed as long as it fits into a page.
{{if .Postgres}}ALTER TABLE chat_contents SET (toast_tuple_target = 8160){{else}}SELECT 1{{end}};
--bun:split
-- Runs of a user are found by their threads.
DROP INDEX chat_runs_of_user;
--bun:split
-- In the order in which the version before locks them.
ALTER TABLE chat_events RENAME TO chat_streams;
--bun:split
ALTER TABLE chat_streams ADD COLUMN earlier TEXT;
--bun:split
ALTER TABLE chat_thoughts RENAME TO chat_old_thoughts;
--bun:split
ALTER TABLE chat_support RENAME TO chat_old_support;
{{- if .Postgres}}
--bun:split
-- The version before, which may run for a while, finds all of it under the names
-- that it knows. The version after this one removes them.
CREATE VIEW chat_events AS
  SELECT run_id, sequence, step, message, delta, code, details FROM chat_streams
  UNION ALL
  SELECT s.run_id, s.sequence - json_array_length(s.earlier::json) + e.place - 1, coalesce(e.value->>'step', ''), coalesce(e.value->>'message', ''),
    coalesce(e.value->>'delta', ''), coalesce(e.value->>'code', ''), coalesce(e.value->>'details', '')
  FROM chat_streams AS s, json_array_elements(s.earlier::json) WITH ORDINALITY AS e(value, place) WHERE s.earlier IS NOT NULL;
--bun:split
CREATE VIEW chat_thoughts AS
  SELECT run_id, "order", step, title, message, started_on, duration_ms, detail FROM chat_old_thoughts
  UNION ALL
  SELECT r.run_id, (t->>'order')::bigint, t->>'step', t->>'title', t->>'message', (t->>'started_on')::timestamptz, (t->>'duration_ms')::bigint, (t->'detail')::text
  FROM chat_contents AS r, json_array_elements(r.thoughts::json) AS t WHERE r.thoughts IS NOT NULL;
--bun:split
CREATE VIEW chat_support AS
  SELECT run_id, number, chunk_id, document_id, corpus_id, title, url, text, page, score FROM chat_old_support
  UNION ALL
  SELECT r.run_id, (s->>'number')::bigint, (s->>'chunk_id')::bigint, (s->>'document_id')::bigint, (s->>'corpus_id')::bigint, s->>'title', s->>'url', s->>'text',
    (s->>'page')::bigint, (s->>'score')::double precision
  FROM chat_contents AS r, json_array_elements(r.support::json) AS s WHERE r.support IS NOT NULL;
--bun:split
CREATE FUNCTION chat_write_as_before() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  CASE TG_TABLE_NAME || ' ' || TG_OP
  WHEN 'chat_events INSERT' THEN
    INSERT INTO chat_streams (run_id, sequence, step, message, delta, code, details) VALUES (NEW.run_id, NEW.sequence, NEW.step, NEW.message, NEW.delta, NEW.code, NEW.details);
    RETURN NEW;
  WHEN 'chat_thoughts INSERT' THEN
    INSERT INTO chat_old_thoughts (run_id, "order", step, title, message, started_on, duration_ms, detail)
      VALUES (NEW.run_id, NEW."order", NEW.step, NEW.title, NEW.message, NEW.started_on, NEW.duration_ms, NEW.detail);
    RETURN NEW;
  WHEN 'chat_support INSERT' THEN
    INSERT INTO chat_old_support (run_id, number, chunk_id, document_id, corpus_id, title, url, text, page, score)
      VALUES (NEW.run_id, NEW.number, NEW.chunk_id, NEW.document_id, NEW.corpus_id, NEW.title, NEW.url, NEW.text, NEW.page, NEW.score);
    RETURN NEW;
  WHEN 'chat_events DELETE' THEN -- the row of a commit goes with its last event
    DELETE FROM chat_streams WHERE run_id = OLD.run_id AND sequence = OLD.sequence;
  WHEN 'chat_thoughts DELETE' THEN -- what stands with the answer has gone with it
    DELETE FROM chat_old_thoughts WHERE run_id = OLD.run_id AND "order" = OLD."order";
  WHEN 'chat_support DELETE' THEN
    DELETE FROM chat_old_support WHERE run_id = OLD.run_id AND number = OLD.number;
  END CASE;
  RETURN OLD;
END $$;
--bun:split
CREATE TRIGGER chat_events_as_before INSTEAD OF INSERT OR DELETE ON chat_events FOR EACH ROW EXECUTE FUNCTION chat_write_as_before();
--bun:split
CREATE TRIGGER chat_thoughts_as_before INSTEAD OF INSERT OR DELETE ON chat_thoughts FOR EACH ROW EXECUTE FUNCTION chat_write_as_before();
--bun:split
CREATE TRIGGER chat_support_as_before INSTEAD OF INSERT OR DELETE ON chat_support FOR EACH ROW EXECUTE FUNCTION chat_write_as_before();
{{- end}}
