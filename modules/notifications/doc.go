// Package notifications owns the inbox: what the server, and people, have to
// tell a user; and webhooks: what it tells other programs.
//
// Owns: notifications, the counters of inboxes, preferences, which mails wait,
// webhooks and their deliveries. Tables: notifications_*.
//
// Publishes: notifications.notification_created.v1 and
// notifications.webhook_disabled.v1.
//
// Consumes: users.user_deleted.v1, users.role_changed.v1,
// agents.agent_shared.v1, corpora.document_indexed.v1, chat.run_failed.v1,
// evaluations.evaluation_ended.v1, analytics.budget_nearly_used.v1 and
// analytics.budget_used_up.v1 (notifications.users), chat.content_grant_created.v1 and
// chat.content_read.v1 (notifications.content), its own
// notifications.notification_created.v1 (notifications.mail), and for webhooks
// every event that says of which organization it is (notifications.webhooks).
// In every process also its own notifications.notification_created.v1, to wake
// those who follow there.
//
// Asks: users.Directory, users.Actors and users.Roles, for who is told and what
// they are called, and the deciders of all modules, for whether they may view
// what they are told of.
//
// Rules: only its user can view a notification; for everybody else it does
// not exist. Reading a notification again changes nothing. One event creates at
// most one notification for a user, and so does one content grant, made on the
// user or used to read something of theirs. Nobody is told of what they did
// themselves, of what they may not view, or of a kind that they have muted. When a
// user is deleted, their notifications are deleted, and every active global admin but the one
// who did it gets a notification with the user's id and no name.
//
// Notifications of a user are numbered from 1 and without gaps, in the order
// of their commits: a transaction that writes to an inbox has the row of its
// counters locked. A stream that starts after a number misses nothing. It is woken by
// the commit in its own process and by event in the others; one that waits
// costs no query. Lists are in the same order, newest first. Reading all of an
// inbox moves a mark up to which everything is read. An inbox keeps its newest notifications, as many as are
// configured.
//
// Admins of the organization, and of a team, project or agent that a user
// belongs to, send them notifications, at most 20 an hour each.
//
// A user gets a kind by mail at once, in a daily digest or not at all, as they
// chose. One mail waits for a user in each mode; what comes until it is sent is
// in it, and what was read, muted or unwanted by then is not. Who is deleted,
// suspended or without an address gets none. The link of a mail switches mail of
// the kinds in it off by one POST, without credentials; opening it shows a page.
//
// Webhooks are the global admins'. An event leaves the server for its own
// organization alone, and without names and addresses of people. It arrives at
// least once, and in order with the others about its subject; a receiver that
// is slow or fails delays no other. A webhook is switched off when a delivery
// fails for a day, a receiver answers 410, or more than 100,000 messages wait.
package notifications
