// Package page has the two ways to walk a list: by page number, counted, or
// by cursor, uncounted and as fast on the last page as on the first.
package page

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"sort"
	"time"

	"parley/platform/kernel/apperr"
)

// The limits of the contract.
const (
	DefaultSize = 100
	MaxSize     = 500
)

// ErrCursor answers a cursor that this server did not make.
var ErrCursor = apperr.New(apperr.Unprocessable, "invalid_cursor", "The cursor is not from this list; start again without a cursor.")

// Request asks for one part of a list. The zero value asks for the first
// DefaultSize entries.
type Request struct {
	Number int    // 1-based; 0 means 1. Ignored with a cursor
	Size   int    // 1 to MaxSize; 0 means DefaultSize
	Cursor string // from an earlier answer; "" for the first part
	// ByCursor asks for no count even when Cursor is "".
	ByCursor bool
}

// Limit is the effective size.
func (r Request) Limit() int {
	switch {
	case r.Size <= 0:
		return DefaultSize
	case r.Size > MaxSize:
		return MaxSize
	}
	return r.Size
}

// Fetch is how many entries a store reads for a part: one more than asked tells
// whether anything follows. Trim takes it off again.
func (r Request) Fetch() int { return r.Limit() + 1 }

// Offset is the number of entries before the asked page; 0 with a cursor.
func (r Request) Offset() int {
	if r.Keyset() || r.Number < 1 {
		return 0
	}
	return (r.Number - 1) * r.Limit()
}

// Keyset reports whether the list is walked by cursor.
func (r Request) Keyset() bool { return r.ByCursor || r.Cursor != "" }

// Of is one part of a list.
type Of[T any] struct {
	Items      []T
	Count      int64  // all entries; -1 when not counted
	NextCursor string // "" on the last part
	Request    Request
}

// Map converts the items and keeps the rest.
func Map[A, B any](p Of[A], convert func(A) B) Of[B] {
	out := Of[B]{Items: make([]B, len(p.Items)), Count: p.Count, NextCursor: p.NextCursor, Request: p.Request}
	for i, item := range p.Items {
		out.Items[i] = convert(item)
	}
	return out
}

// EncodeCursor makes an opaque cursor of the sort key of the last entry.
func EncodeCursor(key any) string {
	b, err := json.Marshal(key)
	if err != nil {
		return "" // keys are numbers, strings and times: they always marshal
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// DecodeCursor reads the sort key back into key, or answers ErrCursor.
func DecodeCursor(cursor string, key any) error {
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return ErrCursor
	}
	if err := json.Unmarshal(b, key); err != nil {
		return ErrCursor
	}
	return nil
}

// Key is what a list is sorted by: a time, then an id; or the id alone.
type Key struct {
	At time.Time `json:"t,omitzero"`
	ID int64     `json:"i"`
}

// Compare orders keys ascending.
func (k Key) Compare(o Key) int {
	if c := k.At.Compare(o.At); c != 0 {
		return c
	}
	return cmp.Compare(k.ID, o.ID)
}

// Cut takes one part out of a list that is there as a whole, in the order of
// key, ascending or not, as stores take it out of a table.
func Cut[T any](all []T, r Request, desc bool, key func(T) Key) (Of[T], error) {
	out := Of[T]{Count: -1, Request: r}
	behind := func(a, b Key) bool {
		if desc {
			a, b = b, a
		}
		return a.Compare(b) > 0
	}
	if !r.Keyset() {
		out.Count = int64(len(all))
	}
	rest := all[min(r.Offset(), len(all)):]
	if r.Cursor != "" {
		var after Key
		if err := DecodeCursor(r.Cursor, &after); err != nil {
			return out, err
		}
		rest = rest[sort.Search(len(rest), func(i int) bool { return behind(key(rest[i]), after) }):]
	}
	part := Trim(rest, r, key)
	part.Count = out.Count
	return part, nil
}

// Trim makes a part of the entries from its first one on, of which Fetch are
// enough: the one behind the last tells that there is more.
func Trim[T any](read []T, r Request, key func(T) Key) Of[T] {
	out := Of[T]{Items: read[:min(r.Limit(), len(read))], Count: -1, Request: r}
	if len(read) > r.Limit() {
		out.NextCursor = EncodeCursor(key(out.Items[len(out.Items)-1]))
	}
	return out
}
