DROP TABLE users_counts;
