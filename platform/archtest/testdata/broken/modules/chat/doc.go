// Package chat is allowed.
//
// Owns: threads.
//
// Publishes: chat.run_completed.v1.
//
// Consumes: nothing.
//
// Rules: none.
package chat
