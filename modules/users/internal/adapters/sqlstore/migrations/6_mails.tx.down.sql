DROP TABLE users_mails;
