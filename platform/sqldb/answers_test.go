package sqldb

import (
	"errors"
	"strings"
	"testing"
)

// What is taken for committed must be the answer to COMMIT.
func TestAnswersToOtherStatementsAreNotTakenForThose(t *testing.T) {
	const row, insert, commit, ready = "D\x00\x00\x00\x06\x00\x00", "C\x00\x00\x00\x0bINSERT\x00", "C\x00\x00\x00\x0bCOMMIT\x00", "Z\x00\x00\x00\x05I"
	for said, want := range map[string]error{
		ready: errOthers, row + insert + ready: errOthers, insert + commit + ready: nil, row + insert + insert + commit + ready: errOthers,
	} {
		a := answers{conn: &pgConn{}, in: strings.NewReader(said), left: 2}
		if refused, failed := a.all(); refused != nil || !errors.Is(failed, want) {
			t.Errorf("%q: %v, %v", said, refused, failed)
		}
	}
}

// The connection may break behind the answer.
func TestACommitThatIsAnsweredIsCommittedWhateverFollows(t *testing.T) {
	const insert, commit = "C\x00\x00\x00\x0bINSERT\x00", "C\x00\x00\x00\x0bCOMMIT\x00"
	for said, want := range map[string]bool{insert + commit: true, insert: false, commit: false, insert + insert + commit: false} {
		a := answers{conn: &pgConn{}, in: strings.NewReader(said), left: 2}
		if _, failed := a.all(); failed == nil || a.committed != want {
			t.Errorf("%q: committed %v, %v", said, a.committed, failed)
		}
	}
}
