ALTER TABLE users_users ADD COLUMN more TEXT; -- want migrations
