DROP TABLE users_addresses;
