// Package safehttp makes requests to addresses that users of the server name:
// pages to index, webhooks to call. It reaches public addresses alone, so that
// nobody uses the server to look at its own network.
//
// The address is checked at the moment of the connection, on every hop, after
// the name was resolved: what a host is called, and what it resolved to a
// moment before, does not matter.
package safehttp
