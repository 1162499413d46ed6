INSERT INTO chat_positions (name, run_id) VALUES ('streams', 0);
--bun:split
-- Counts that no call can have were taken from providers once. Nobody knows the
-- true ones, and a sum over them broke.
UPDATE chat_ledger SET fresh_input = CASE WHEN fresh_input BETWEEN 0 AND 1000000000 THEN fresh_input ELSE 0 END, cached_input = CASE WHEN cached_input BETWEEN 0 AND 1000000000 THEN cached_input ELSE 0 END, output = CASE WHEN output BETWEEN 0 AND 1000000000 THEN output ELSE 0 END, reasoning = CASE WHEN reasoning BETWEEN 0 AND 1000000000 THEN reasoning ELSE 0 END, cost_nano = 0, cost = '0', usage_source = 'estimated'
  WHERE (fresh_input NOT BETWEEN 0 AND 1000000000 OR cached_input NOT BETWEEN 0 AND 1000000000 OR output NOT BETWEEN 0 AND 1000000000 OR reasoning NOT BETWEEN 0 AND 1000000000);
--bun:split
UPDATE chat_runs SET cost = CASE WHEN (SELECT count(*) FROM chat_ledger AS l WHERE l.run_id = chat_runs.id) = 1 THEN '0' ELSE cost END,
    prompt_tokens = (SELECT coalesce(sum(l.fresh_input + l.cached_input), 0) FROM chat_ledger AS l WHERE l.run_id = chat_runs.id),
    completion_tokens = (SELECT coalesce(sum(l.output + l.reasoning), 0) FROM chat_ledger AS l WHERE l.run_id = chat_runs.id)
  WHERE prompt_tokens NOT BETWEEN 0 AND 100000000000 OR completion_tokens NOT BETWEEN 0 AND 100000000000;
