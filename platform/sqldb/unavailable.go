package sqldb

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Unavailable reports whether the database could not do anything at the
// moment, whatever was asked: it was busy, not to be reached, full, or let
// nothing be written.
func Unavailable(err error) bool {
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		code := lite.Code() & 0xff
		return code == sqlite3.SQLITE_BUSY || code == sqlite3.SQLITE_LOCKED || code == sqlite3.SQLITE_CANTOPEN || cannotWrite(err)
	}
	if state := pgCode(err); state != "" {
		// Lost connections, too many of them, a shutdown, a deadlock, a lock
		// or a statement that took too long.
		return len(state) == 5 && (state[:2] == "08" || state[:2] == "53" ||
			slices.Contains([]string{"57P01", "57P02", "57P03", "57014", "40P01", "40001", "55P03"}, state)) ||
			cannotWrite(err)
	}
	var network *net.OpError
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, errCut) || errors.As(err, &network)
}

// errCut tells of a connection that ended without a word, as behind a proxy
// whose server has gone.
var errCut = errors.New("the connection to PostgreSQL has ended")

// ofConnection marks the end of a connection among what a driver answers. The
// end of anything else is no failure of the database.
func ofConnection(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: %w", errCut, err)
	}
	return err
}

// cannotWrite reports whether the disk, or what the database says of it, was
// in the way of a write.
func cannotWrite(err error) bool {
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		switch lite.Code() & 0xff {
		case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY:
			return true
		}
		return false
	}
	// Full, an error of input or output, read-only.
	return slices.Contains([]string{"53100", "58030", "25006"}, pgCode(err))
}

// WriteFailure is why the last transaction could not be written, nil when it
// was.
func (db *DB) WriteFailure() error {
	if failed := db.writeFailure.Load(); failed != nil {
		return *failed
	}
	return nil
}

// wrote notes how a transaction ended. What a statement is refused for says
// nothing about whether writing works.
func (db *DB) wrote(err error) {
	switch {
	case err == nil:
		if db.writeFailure.Load() != nil {
			db.writeFailure.Store(nil)
		}
	case cannotWrite(err):
		db.writeFailure.Store(&err)
	}
}
