DROP TABLE web_idempotency;
