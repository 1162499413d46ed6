// Package api is the client of Parley's HTTP API that the commands and the
// benchmarks' preparations share. It knows how a request says who asks, how
// answers and errors look, and which errors pass; of what is asked it knows only
// the sign-in and the upload of a document. What a benchmark measures goes over
// bench.Conn instead, which costs less.
package api
