package web

import (
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// Time is a point in time as the API shows it: UTC, microseconds, Z.
type Time struct{ time.Time }

// At is the moment t as answers have it.
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
