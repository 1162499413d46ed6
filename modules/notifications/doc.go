// Package notifications owns the inbox: what the server has to tell a user; and
// webhooks: what it tells other programs.
//
// Owns: notifications, webhooks and their deliveries. Tables: notifications_*.
//
// Publishes: notifications.webhook_disabled.v1.
//
// Consumes: users.user_deleted.v1 (notifications.users),
// chat.content_grant_created.v1 and chat.content_read.v1
// (notifications.content), and for webhooks every event that says of which
// organization it is (notifications.webhooks).
//
// Asks: users.Directory, for the global admins and the names of users.
//
// Rules: only its user can view a notification; for everybody else it does
// not exist. Reading a notification again changes nothing. One event creates at
// most one notification for a user, and so does one content grant, made on the
// user or used to read something of theirs. When a user is deleted, their notifications
// are deleted, and every active global admin but the one who did it gets a
// notification with the user's id and no name.
//
// Webhooks are the global admins'. An event leaves the server for its own
// organization alone, and without names and addresses of people. It arrives at
// least once, and in order with the others about its subject; a receiver that
// is slow or fails holds up no other. A delivery that fails for a day, or an
// answer 410, switches its webhook off.
package notifications
