package main

import (
	"context"
	"fmt"
	"os"

	"parley/modules/corpora/corporafx"
)

// childCommand makes the program read one document for a running server. It
// is no command for people, so the command line does not know it.
const childCommand = "read-document"

// child reports whether this process was such a reader, after it is done.
func child(args []string) bool {
	if len(args) != 1 || args[0] != childCommand {
		return false
	}
	if err := corporafx.ServeChild(context.Background(), os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "parley:", err)
		os.Exit(1)
	}
	return true
}
