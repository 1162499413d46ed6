DROP INDEX bus_outbox_key;
--bun:split
CREATE INDEX bus_outbox_key ON bus_outbox (key);
