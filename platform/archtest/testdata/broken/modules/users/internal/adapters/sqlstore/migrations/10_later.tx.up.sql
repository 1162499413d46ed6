ALTER TABLE users_users ADD COLUMN later TEXT; -- want migrations
