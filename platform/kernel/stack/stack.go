// Package stack makes the stack of a goroutine that has just begun as large as
// its work needs. It would grow there in several steps, each of which goes
// through all that the stack holds by then.
package stack

// Room10K makes room for 10 KiB, such as asking a model takes.
func Room10K() { room[[10 << 10]byte](0) }

// Room24K makes room for 24 KiB, such as a transaction or the checks of a request
// take.
func Room24K() { room[[24 << 10]byte](0) }

//go:noinline
func room[T [10 << 10]byte | [24 << 10]byte](at int) byte { // with what the compiler does not know, or it has no room
	var bytes T
	bytes[at]++
	return bytes[len(bytes)-1-at]
}
