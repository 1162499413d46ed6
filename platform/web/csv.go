package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"

	"github.com/gin-gonic/gin"

	"parley/platform/openapi"
)

// CSV says that a GET answers its rows as comma-separated values too (RFC 4180,
// UTF-8, with a header row) when the request prefers text/csv to JSON. The data
// must be a flat object or a list of such: one row each, without the envelope.
// Errors stay JSON. Every answer of the route says Vary: Accept.
func CSV() Option { return func(r *Route) { r.csv = true } }

const (
	asCSV   = "text/csv"
	csvType = asCSV + "; charset=utf-8; header=present"
)

// csvColumn is one field of a row.
type csvColumn struct {
	name  string
	index []int
}

// columnsOf are the columns of a route's answer, in the order of its JSON.
func columnsOf(r *Route) ([]csvColumn, error) {
	row := r.answer
	if row.Kind() == reflect.Slice {
		row = row.Elem()
	}
	if r.Method != http.MethodGet || row.Kind() != reflect.Struct {
		return nil, fmt.Errorf("%s %s can't be answered as CSV: it is no GET of an object or of a list of objects", r.Method, r.Path)
	}
	var columns []csvColumn
	for _, f := range openapi.Shown(row) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" || name == "" {
			continue
		}
		kind := f.Type
		if kind.Kind() == reflect.Pointer {
			kind = kind.Elem()
		}
		if k := kind.Kind(); (k == reflect.Struct || k == reflect.Slice || k == reflect.Map) && !kind.Implements(reflect.TypeFor[json.Marshaler]()) {
			return nil, fmt.Errorf("%s %s can't be answered as CSV: its field %q has more than one value", r.Method, r.Path, name)
		}
		columns = append(columns, csvColumn{name: name, index: f.Index})
	}
	return columns, nil
}

// writeCSV answers the rows of a success.
func (s *Server) writeCSV(g *gin.Context, r *Route, answer any) {
	var out strings.Builder
	for i, c := range r.columns {
		separate(&out, i)
		out.WriteString(c.name)
	}
	out.WriteString("\r\n")
	rows := reflect.ValueOf(answer)
	if rows.Kind() != reflect.Slice {
		rows = reflect.Append(reflect.MakeSlice(reflect.SliceOf(rows.Type()), 0, 1), rows)
	}
	for n := range rows.Len() {
		for i, c := range r.columns {
			separate(&out, i)
			if err := writeCell(&out, rows.Index(n).FieldByIndex(c.index)); err != nil {
				s.fail(g, fmt.Errorf("writing %s as CSV: %w", c.name, err))
				return
			}
		}
		out.WriteString("\r\n")
	}
	g.Header("Content-Disposition", contentDisposition(csvName(r.Path)))
	g.Data(r.Status, csvType, []byte(out.String()))
}

func separate(out *strings.Builder, column int) {
	if column > 0 {
		out.WriteByte(',')
	}
}

// csvName is the name that a browser saves an answer under.
func csvName(path string) string {
	return strings.ReplaceAll(strings.TrimPrefix(path, "/api/"), "/", "-") + ".csv"
}

// writeCell writes a value as JSON would, without the quotes of JSON. A text is
// always quoted, so that a program that separates by another character does not
// begin a new cell within it. A null is an empty cell.
func writeCell(out *strings.Builder, v reflect.Value) error {
	raw, err := json.Marshal(v.Interface())
	if err != nil {
		return err
	}
	switch {
	case string(raw) == "null":
	case raw[0] == '"':
		var text string
		if err := json.Unmarshal(raw, &text); err != nil {
			return err
		}
		out.WriteByte('"')
		out.WriteString(strings.ReplaceAll(harmless(text), `"`, `""`))
		out.WriteByte('"')
	default:
		out.Write(raw)
	}
	return nil
}

// formula are the characters that a spreadsheet begins a formula with, in both
// widths, and those that it skips before one.
const formula = "=+-@\t\r\n＝＋－＠"

// harmless is a text that no spreadsheet calculates: with an apostrophe before
// what would be a formula, as OWASP advises against CSV injection.
func harmless(text string) string {
	if begin := strings.TrimLeft(text, " \u00a0\u3000\ufeff"); begin != "" && strings.ContainsRune(formula, []rune(begin)[0]) {
		return "'" + text
	}
	return text
}

// columnNames are the header row, for the OpenAPI document.
func columnNames(columns []csvColumn) []string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.name
	}
	return names
}
