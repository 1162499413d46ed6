-- Counts that no call can have used are mistakes of a server. New ones are
-- refused and estimated; of these nothing is known.
UPDATE analytics_facts SET prompt_tokens = 0, completion_tokens = 0, cost_nano = 0, cost_pico = 0
WHERE prompt_tokens < 0 OR prompt_tokens > 1000000000 OR completion_tokens < 0 OR completion_tokens > 1000000000
   OR cost_nano < 0 OR cost_nano > 1000000000000000000 OR cost_pico < 0 OR cost_pico > 999;
