DROP TABLE users_users;
