ALTER TABLE users_users DROP COLUMN later; -- want migrations
