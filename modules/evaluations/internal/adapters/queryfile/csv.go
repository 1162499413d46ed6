package queryfile

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"parley/modules/evaluations/internal/core"
)

// The columns of a file, by the names that they may have.
var (
	queryNames    = []string{"query", "question"}
	answerNames   = []string{"expected_answer", "expected answer", "answer", "ground_truth"}
	documentNames = []string{"expected_documents", "expected documents"}
)

// table reads CSV with a header, separated by commas, semicolons or tabs. A text
// in quotes may have separators, lines and doubled quotes.
func table(text string) ([]core.Draft, error) {
	if !strings.Contains(text, "\n") { // Excel's "CSV (Macintosh)"
		text = strings.ReplaceAll(text, "\r", "\n")
	}
	before := 0 // lines in front of the header
	comma := rune(0)
	if first, rest, _ := strings.Cut(text, "\n"); strings.HasPrefix(strings.ToLower(first), "sep=") { // as Excel writes
		if sep := strings.TrimRight(first[len("sep="):], "\r"); len(sep) == 1 {
			comma, text, before = rune(sep[0]), rest, 1
		}
	}
	if comma == 0 {
		comma = separator(text)
	}
	r := csv.NewReader(strings.NewReader(text))
	r.Comma, r.FieldsPerRecord, r.TrimLeadingSpace = comma, -1, comma != '\t'
	header, err := r.Read()
	if err != nil {
		return nil, core.ErrBadFile.WithMessage("The first line of the file must name the columns, with query and expected_answer among them.")
	}
	columns := func(names []string) int {
		for _, name := range names {
			for i, h := range header {
				if strings.EqualFold(strings.TrimSpace(h), name) {
					return i
				}
			}
		}
		return -1
	}
	query, answer, docs := columns(queryNames), columns(answerNames), columns(documentNames)
	if query < 0 || answer < 0 {
		return nil, core.ErrBadFile.WithMessage(
			fmt.Sprintf("The first line of the file must name the columns, with query and expected_answer among them; it is %s.", quoted(header)),
		)
	}
	out := []core.Draft{}
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err == nil && strings.TrimSpace(strings.Join(record, "")) == "" {
			continue // a line of separators alone, of which Excel may leave many at the end
		}
		if len(out) == core.MaxQueries {
			return nil, errTooMany
		}
		var bad *csv.ParseError
		if errors.As(err, &bad) {
			out = append(
				out,
				core.Draft{Place: fmt.Sprintf("line %d", bad.StartLine+before), Problem: "has quotes that do not match; double a quote within a quoted text"},
			)
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("reading a file of queries: %w", err)
		}
		line, _ := r.FieldPos(0)
		d := core.Draft{Place: fmt.Sprintf("line %d", line+before)}
		cell := func(i int) string {
			if i < 0 || i >= len(record) {
				return ""
			}
			return record[i]
		}
		names, ok := names(cell(docs))
		switch {
		case len(record) > len(header):
			d.Problem = fmt.Sprintf("has %d columns, and the first line %d; put a text that has %q in it in quotes", len(record), len(header), comma)
		case !ok:
			d.Problem = "has expected_documents that are neither names nor ids"
		default:
			d.Query, d.ExpectedAnswer, d.ExpectedDocuments = cell(query), cell(answer), names
		}
		out = append(out, d)
	}
}

func quoted(header []string) string {
	text := strings.Join(header, " | ")
	if runes := []rune(text); len(runes) > 200 {
		text = string(runes[:200]) + " …"
	}
	return fmt.Sprintf("%q", text)
}

// separator is what stands most often in the first line, outside of quotes.
func separator(text string) rune {
	counts := map[rune]int{}
	inside := false
	for _, c := range text {
		switch {
		case c == '"':
			inside = !inside
		case c == '\n' && !inside:
			return most(counts)
		case !inside:
			counts[c]++
		}
	}
	return most(counts)
}

func most(counts map[rune]int) rune {
	best := ','
	for _, c := range []rune{';', '\t'} {
		if counts[c] > counts[best] {
			best = c
		}
	}
	return best
}

// names reads a cell of documents: a JSON list, or names with | between them.
func names(cell string) ([]string, bool) {
	cell = strings.TrimSpace(cell)
	if cell == "" {
		return nil, true
	}
	if strings.HasPrefix(cell, "[") {
		var list []json.RawMessage
		if json.Unmarshal([]byte(cell), &list) == nil {
			return documents(list)
		}
	}
	var out []string
	for name := range strings.SplitSeq(cell, "|") {
		if name = strings.TrimSpace(name); name != "" {
			out = append(out, name)
		}
	}
	return out, true
}
