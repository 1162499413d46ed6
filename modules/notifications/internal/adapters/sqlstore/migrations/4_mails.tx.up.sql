CREATE TABLE notifications_mails (
  user_id BIGINT NOT NULL,
  mode TEXT NOT NULL,
  organization_id BIGINT NOT NULL,
  from_sequence BIGINT NOT NULL,
  mailed_on {{.Time}},
  PRIMARY KEY (user_id, mode)
);
