DROP TABLE analytics_items;
--bun:split
DROP TABLE analytics_facts;
