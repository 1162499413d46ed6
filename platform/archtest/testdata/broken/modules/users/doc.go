// Package users has no list of rules.
//
// Owns: users.
//
// Publishes: users.user_deleted.v1.
//
// Consumes: nothing.
package users // want docs
