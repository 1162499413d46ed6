package sqldb

import (
	"errors"
	"fmt"
	"strings"

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
	var told interface{ Field(k byte) string }
	if errors.As(err, &told) {
		return told.Field('C')
	}
	return ""
}

// pgError is an error of PostgreSQL that a batch met. It is told like
// pgdriver.Error, which others can't make.
type pgError struct{ fields map[byte]string }

// Field answers a field of the error, such as 'C' for its code.
func (e pgError) Field(k byte) string { return e.fields[k] }

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
	return fmt.Sprintf("%s: %s (SQLSTATE=%s)", e.Field('S'), e.Field('M'), e.Field('C'))
}
