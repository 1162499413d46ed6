package web

import (
	"crypto/sha256"
	"encoding/base64"
	"reflect"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"parley/platform/kernel/apperr"
	"parley/platform/kernel/audit"
	"parley/platform/kernel/page"
)

// success is the one form of every JSON answer that worked.
type success struct {
	Success bool   `json:"success"`
	Message string `json:"message"`
	Data    any    `json:"data"`
	Meta    any    `json:"meta,omitempty"`
}

// failure is the one form of every answer that did not.
type failure struct {
	_         struct{}       `schema:"Error"`
	Success   bool           `json:"success"`
	Message   string         `json:"message"`
	Data      any            `json:"data"`
	Code      string         `json:"code"`
	Errors    []apperr.Field `json:"errors"`
	RequestID string         `json:"request_id"`
	Detail    string         `json:"detail"`
}

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

// WithMeta is an answer that says more about itself, such as the ids that
// were not found. A nil Meta is left out.
type WithMeta[T, M any] struct {
	Data T
	Meta *M
}

func (w WithMeta[T, M]) envelope() (data, meta any) {
	if w.Meta == nil {
		return w.Data, nil
	}
	return w.Data, w.Meta
}

func (WithMeta[T, M]) shape() (data, meta reflect.Type) {
	return reflect.TypeFor[T](), reflect.TypeFor[M]()
}

// enveloped is an answer that brings its own meta.
type enveloped interface {
	envelope() (data, meta any)
}

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

// Time is a point in time as the API shows it: UTC, microseconds, Z.
type Time struct{ time.Time }

// At shows t.
func At(t time.Time) Time { return Time{t} }

// AtOrNil shows t, or null.
func AtOrNil(t *time.Time) *Time {
	if t == nil {
		return nil
	}
	return &Time{*t}
}

// MarshalJSON implements json.Marshaler.
func (t Time) MarshalJSON() ([]byte, error) {
	return []byte(t.UTC().Format(`"2006-01-02T15:04:05.000000Z"`)), nil
}

// Schema implements huma.SchemaProvider.
func (Time) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Format: "date-time", Examples: []any{"2024-10-02T00:02:24.378434Z"}}
}

// Audit is the audit fields as the API shows them.
type Audit struct {
	CreatedBy  string `json:"created_by" doc:"E-mail address of who made it, or System."`
	CreatedOn  Time   `json:"created_on"`
	ModifiedBy string `json:"modified_by" doc:"E-mail address of who changed it last; empty when nobody did."`
	ModifiedOn Time   `json:"modified_on"`
}

// ShowAudit shows an entity's audit fields.
func ShowAudit(a audit.Audit) Audit {
	return Audit{CreatedBy: a.CreatedBy, CreatedOn: At(a.CreatedOn), ModifiedBy: a.ModifiedBy, ModifiedOn: At(a.ModifiedOn)}
}
