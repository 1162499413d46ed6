ALTER TABLE analytics_facts DROP COLUMN cost_pico;
