// Package notifications owns the inbox: what the server has to tell a user.
//
// Owns: notifications. Tables: notifications_*.
//
// Publishes: nothing.
//
// Consumes: users.user_deleted.v1 (notifications.users).
//
// Asks: users.Directory, who the admins are and what somebody is called.
//
// Rules: a notification is its user's alone; to everybody else it is not
// there. It is read once, and reading it again changes nothing. One event
// tells a user once. When a user is deleted, their notifications go, and every
// active global admin but the one who did it is told, by the user's id alone.
package notifications
