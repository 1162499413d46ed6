// Package users owns organizations, users, their credentials and roles, and the
// audit log.
//
// Owns: organizations, users, the namespace of e-mail addresses, credentials
// (password hash and session epoch), API keys, permissions, mails about
// accounts and their tokens, the audit log.
// Tables: users_*.
//
// Publishes: users.organization_created.v1, users.organization_changed.v1,
// users.user_created.v1, users.user_changed.v1, users.email_changed.v1,
// users.access_changed.v1, users.role_changed.v1, users.user_deleted.v1. A user
// who is older than the consumers of names is told once at the start, as
// changed.
//
// Consumes: users.access_changed.v1, users.organization_changed.v1,
// users.user_changed.v1 and users.user_deleted.v1, its own, in every process,
// to drop what it keeps in memory.
//
// Rules: identity comes from credentials alone. An e-mail address belongs to
// one holder in the installation, without case: a user, or what another module
// claims it for (Addresses). Nobody grants more than they have. The module
// that owns a team, project or agent decides who manages the roles on it
// (ResourceOwner). The role on the organization and the two flags of a user
// say the same. Global admins delete each other, but don't change each other,
// and the last one of an organization stays. A request that
// changes something decides again at that moment, by the roles that its caller
// has then. Deleting users is one transaction: it deletes all or none, their
// credentials with them, and publishes an event for each user.
//
// A service user has no address. What it makes says service-user- and its id in
// created_by. Its keys are made by admins of its level or above. When it rises
// they are revoked, because their makers may be less than it is then.
//
// Who acts is kept in memory, so that a request costs no query: up to 10,000
// users, verified tokens and organizations, for a minute at most, dropped when
// the unit that changes them ends and by event in other processes. A user whom
// an open transaction changes is read anew on every request until it has ended.
// Actors answers other modules from the same memory.
//
// Wrong passwords are counted by each process for itself: ten in a row lock an
// address for one network (/24 of IPv4, /48 of IPv6, which is what a provider
// routes to one site) for 15 minutes; from the fiftieth on, whatever their
// source, every network has one guess a minute; and a host has 300 guesses
// at all addresses together, its network 1,200, then one in three seconds. Who
// signed in from a host within 30 days counts there for themselves. None of it depends on
// whether an account exists or is suspended, and none locks an owner out who
// comes from another network.
//
// A mail about an account is a row and a job of the unit that makes it
// necessary. Its token is derived from the row's random seed and the secret key
// when it is sent; the row has its hash. A token is used once, and ends with
// the time, another password or address, a suspension, and its user. A
// request for a new password is looked at after its answer, and a sign-up is
// nobody until the address is verified, by token and password; neither answer
// depends on whether there is an account.
//
// A write and its line in the audit log are one commit (auditlog.Unit); writes
// without a unit of work and refusals get a transaction of their own right
// after, and so do refreshed sessions. Wrong passwords, also those in
// password changes, and the last use of keys are written within seconds.
//
// This package is the module's contract: plain values, events, and the
// narrow interfaces that other modules may ask. Everything else is internal.
package users
