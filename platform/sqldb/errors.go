package sqldb

import (
	"errors"
	"fmt"
	"strings"

	"github.com/uptrace/bun/driver/pgdriver"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// IsUnique reports whether a unique index refused the statement. On
// PostgreSQL the transaction is then lost: let the unit fail, or say ON
// CONFLICT in the first place.
func IsUnique(err error) bool {
	if code := pgCode(err); code != "" {
		return code == "23505"
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		return lite.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || lite.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY
	}
	return false
}

// pgCode is what PostgreSQL calls an error (its SQLSTATE), or empty for others.
func pgCode(err error) string {
	var pg pgdriver.Error
	if errors.As(err, &pg) {
		return pg.Field('C')
	}
	var told pgError
	if errors.As(err, &told) {
		return told.fields['C']
	}
	return ""
}

// pgError is an error of PostgreSQL that a batch met; pgdriver's own can't be
// made by others.
type pgError struct{ fields map[byte]string }

func pgErrorOf(body []byte) pgError {
	e := pgError{map[byte]string{}}
	for len(body) > 1 {
		field, rest, _ := strings.Cut(string(body[1:]), "\x00")
		e.fields[body[0]] = field
		body = []byte(rest)
	}
	return e
}

// Error implements error, with pgdriver's words.
func (e pgError) Error() string {
	return fmt.Sprintf("%s: %s (SQLSTATE=%s)", e.fields['S'], e.fields['M'], e.fields['C'])
}
