package web

import (
	"crypto/sha256"
	"encoding/base64"
	"reflect"
	"strings"

	"parley/platform/kernel/page"
)

// Meta is what a list says about itself. With a cursor nothing is counted.
type Meta struct {
	_            struct{} `schema:"ListMeta"`
	Count        *int64   `json:"count"`
	NumPages     *int64   `json:"num_pages"`
	CurrentPage  *int64   `json:"current_page"`
	ItemsPerPage int      `json:"items_per_page"`
	NextCursor   *string  `json:"next_cursor"`
}

// listed tells a list's meta, also within a larger one.
func (m *Meta) listed() *Meta { return m }

// tag marks the cursor as one of a list, so that another list does not take
// it for a place of its own.
func (m *Meta) tag(tag string) {
	if m.NextCursor != nil {
		tagged := tag + *m.NextCursor
		m.NextCursor = &tagged
	}
}

// cursorTag is short and the same in every process.
func cursorTag(path string) string {
	sum := sha256.Sum256([]byte(path))
	return base64.RawURLEncoding.EncodeToString(sum[:3]) + "."
}

// untagged answers the cursor behind the tag; false for one of another list.
func untagged(cursor, tag string) (string, bool) {
	if cursor == "" {
		return "", true
	}
	return strings.CutPrefix(cursor, tag)
}

// List is the answer of a list operation: a bare array with meta beside it.
type List[T any] struct {
	Items []T
	Meta  Meta
}

// Listed makes the answer from one part of a list.
func Listed[V, T any](p page.Of[V], show func(V) T) List[T] {
	m := Meta{ItemsPerPage: p.Request.Limit()}
	if p.NextCursor != "" {
		m.NextCursor = &p.NextCursor
	}
	if !p.Request.Keyset() {
		count, size, current := p.Count, int64(p.Request.Limit()), int64(max(p.Request.Number, 1))
		pages := (count + size - 1) / size
		m.Count, m.NumPages, m.CurrentPage = &count, &pages, &current
	}
	return List[T]{Items: page.Map(p, show).Items, Meta: m}
}

func (l List[T]) envelope() (data, meta any) {
	if l.Items == nil {
		return []T{}, &l.Meta
	}
	return l.Items, &l.Meta
}

func (List[T]) shape() (data, meta reflect.Type) {
	return reflect.TypeFor[[]T](), reflect.TypeFor[Meta]()
}

func (List[T]) alwaysMeta() {}

// ListQuery is embedded in the request of every list operation.
type ListQuery struct {
	Page         int    `query:"page" minimum:"1" maximum:"1000000" doc:"Page to answer, from 1."`
	ItemsPerPage int    `query:"items_per_page" minimum:"1" maximum:"500" doc:"Entries on a page; 100 when not given."`
	Cursor       string `query:"cursor" maxLength:"500" doc:"Instead of page: the next_cursor of the answer before. Send it empty to start walking by cursor. Nothing is counted then."`
	// ByCursor is set when a cursor was sent, even an empty one.
	ByCursor bool `json:"-"`
}

// Request is the part of the list that was asked for.
func (q ListQuery) Request() page.Request {
	return page.Request{Number: q.Page, Size: q.ItemsPerPage, Cursor: q.Cursor, ByCursor: q.ByCursor}
}
