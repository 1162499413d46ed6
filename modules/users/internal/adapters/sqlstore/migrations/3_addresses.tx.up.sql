CREATE TABLE users_addresses (
  address TEXT NOT NULL PRIMARY KEY,
  holder TEXT NOT NULL
);
--bun:split
CREATE INDEX users_addresses_holder ON users_addresses (holder);
--bun:split
INSERT INTO users_addresses (address, holder)
SELECT lower(email), 'user/' || id FROM users_users WHERE email <> '';
