DROP TABLE analytics_names;
