DROP TABLE notifications_deliveries;
