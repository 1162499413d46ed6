package sqldb

import "context"

type redoneKey struct{}

// noWait lets a transaction end before the disk has it. PostgreSQL keeps the
// order: what commits later and waits finds it on the disk, too.
const noWait = "SET LOCAL synchronous_commit TO off"

// Redone marks the transactions that begin in ctx as such whose work is done
// again if they are lost, for they also hold the mark that it was done. On
// PostgreSQL they don't wait for the disk: when its machine dies in the moment
// after, the last of them, about half a second, may not have happened. SQLite
// waits for the disk at no commit.
func Redone(ctx context.Context) context.Context {
	return context.WithValue(ctx, redoneKey{}, true)
}

func isRedone(ctx context.Context) bool {
	redone, _ := ctx.Value(redoneKey{}).(bool)
	return redone
}
