// Package bench measures a server as a process of its own, over HTTP, with a
// model that costs next to nothing: what the benchmarks in cmd/parleybench and
// the server's own have in common.
package bench
