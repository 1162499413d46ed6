// Package users owns organizations, their people, how they prove who they
// are, and what they were granted.
//
// Owns: organizations, users, credentials (password hash and session epoch),
// permissions. Tables: users_*.
//
// Publishes: users.organization_created.v1, users.user_created.v1,
// users.user_deleted.v1.
//
// Consumes: nothing.
//
// Rules: identity comes from credentials alone. E-mail addresses are unique
// over the installation, without case. Nobody grants more than they have.
// The last global admin of an organization stays. Deleting is one
// transaction: all or none, the credentials die with it, and each user's
// event is in the same commit.
//
// This package is the module's contract: plain values, events, and the
// narrow interfaces that other modules may ask. Everything else is internal.
package users
