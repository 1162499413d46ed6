DROP TABLE notifications_inbox;
