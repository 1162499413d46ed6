DROP TABLE bus_deliveries;
--bun:split
DROP TABLE bus_inbox;
--bun:split
DROP TABLE bus_cursors;
--bun:split
DROP TABLE bus_outbox;
