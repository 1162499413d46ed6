DROP TABLE users_untold;
