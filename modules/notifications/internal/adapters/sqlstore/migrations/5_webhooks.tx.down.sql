DROP TABLE notifications_webhooks;
