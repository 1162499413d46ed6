// Package users owns organizations, their people, how they prove who they
// are, and what they were granted.
//
// Owns: organizations, users, credentials (password hash and session epoch),
// API keys, permissions, the audit log. Tables: users_*.
//
// Publishes: users.organization_created.v1, users.organization_changed.v1,
// users.user_created.v1, users.user_changed.v1, users.user_deleted.v1,
// users.email_changed.v1, users.access_changed.v1.
//
// Consumes: users.access_changed.v1, users.organization_changed.v1,
// users.user_changed.v1, users.user_deleted.v1 (in every process: what is
// cached of those people and organizations is forgotten).
//
// Rules: identity comes from credentials alone. E-mail addresses are unique
// over the installation, without case. Nobody grants more than they have, and
// no API key makes a broader one. The last global admin of an organization
// stays. Deleting is one transaction: all or none, the credentials die with
// it, and each user's event is in the same commit.
//
// This package is the module's contract: plain values, events, and the
// narrow interfaces that other modules may ask. Everything else is internal.
package users
