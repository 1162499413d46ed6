// Package queryfile reads the queries of a dataset from CSV and JSONL files.
package queryfile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"parley/modules/evaluations/internal/core"
)

// Read answers the queries of a file, each with its line as the place. What is
// wrong with a line is told by the query; an error is about the whole file.
// declared is the content type that came with the file, whose charset counts
// when the file has no mark of its own and is no UTF-8.
func Read(data []byte, name, declared string) ([]core.Draft, error) {
	if bytes.HasPrefix(data, []byte("PK\x03\x04")) {
		return nil, core.ErrBadFile.WithMessage("The file is a workbook or another archive; save the table as CSV UTF-8.")
	}
	text, err := decode(data, declared)
	if err != nil {
		return nil, err
	}
	if strings.TrimSpace(text) == "" {
		return nil, core.ErrBadFile.WithMessage("The file is empty.")
	}
	switch lower := strings.ToLower(name); {
	case strings.HasSuffix(lower, ".jsonl"), strings.HasSuffix(lower, ".ndjson"):
		return lines(text)
	case strings.HasSuffix(lower, ".csv"), strings.HasSuffix(lower, ".tsv"):
		return table(text)
	}
	if strings.HasPrefix(strings.TrimSpace(text), "{") {
		return lines(text)
	}
	return table(text)
}

// errTooMany answers a file of too many queries.
var errTooMany = core.ErrBadFile.WithMessage(fmt.Sprintf("The file has more than %d queries; make several datasets of it.", core.MaxQueries))

// row is a line of a JSONL file. What else it has is left out.
type row struct {
	Query             *string           `json:"query"`
	ExpectedAnswer    *string           `json:"expected_answer"`
	ExpectedDocuments []json.RawMessage `json:"expected_documents"`
}

// lines reads JSONL: one object on each line that is not blank.
func lines(text string) ([]core.Draft, error) {
	out := []core.Draft{}
	for n, line := range strings.Split(text, "\n") {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if len(out) == core.MaxQueries {
			return nil, errTooMany
		}
		d := core.Draft{Place: fmt.Sprintf("line %d", n+1)}
		d.Problem = take(&d, line)
		out = append(out, d)
	}
	return out, nil
}

// take reads a line into d and answers what is wrong with it.
func take(d *core.Draft, line string) string {
	var r row
	if err := json.Unmarshal([]byte(line), &r); err != nil {
		return "is no JSON object with query and expected_answer as texts"
	}
	names, ok := documents(r.ExpectedDocuments)
	switch {
	case r.Query == nil:
		return "has no query"
	case r.ExpectedAnswer == nil:
		return "has no expected_answer"
	case !ok:
		return "has expected_documents that are neither names nor ids"
	}
	d.Query, d.ExpectedAnswer, d.ExpectedDocuments = *r.Query, *r.ExpectedAnswer, names
	return ""
}

// documents reads the names or ids of documents; false when something else is
// among them.
func documents(list []json.RawMessage) (names []string, ok bool) {
	for _, raw := range list {
		var name string
		var id int64
		switch {
		case bytes.Equal(raw, []byte("null")):
			return nil, false
		case json.Unmarshal(raw, &name) == nil:
		case json.Unmarshal(raw, &id) == nil:
			name = fmt.Sprint(id)
		default:
			return nil, false
		}
		names = append(names, name)
	}
	return names, true
}
