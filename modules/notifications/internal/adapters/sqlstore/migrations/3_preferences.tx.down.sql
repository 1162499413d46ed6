DROP TABLE notifications_preferences;
