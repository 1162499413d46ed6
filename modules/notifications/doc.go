// Package notifications owns the inbox: what the server has to tell a user.
//
// Owns: notifications. Tables: notifications_*.
//
// Publishes: nothing.
//
// Consumes: users.user_deleted.v1 (notifications.users),
// chat.content_grant_created.v1 and chat.content_read.v1
// (notifications.content).
//
// Asks: users.Directory, for the global admins and the names of users.
//
// Rules: only its user can view a notification; for everybody else it does
// not exist. Reading a notification again changes nothing. One event creates at
// most one notification for a user, and so does one content grant, made on the
// user or used to read something of theirs. When a user is deleted, their notifications
// are deleted, and every active global admin but the one who did it gets a
// notification with the user's id and no name.
package notifications
