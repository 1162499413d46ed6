DROP TABLE notifications_mails;
