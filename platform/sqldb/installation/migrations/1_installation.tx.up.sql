CREATE TABLE installation_facts (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
);
