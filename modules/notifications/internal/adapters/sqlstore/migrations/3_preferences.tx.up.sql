CREATE TABLE notifications_preferences (
  user_id BIGINT PRIMARY KEY,
  organization_id BIGINT NOT NULL,
  muted TEXT NOT NULL,
  mail TEXT NOT NULL
);
