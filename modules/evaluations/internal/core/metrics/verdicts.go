package metrics

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// verdictRow is a line of a file.
type verdictRow struct {
	Query    string          `json:"query"`
	Expected string          `json:"expected_answer"`
	Answer   *string         `json:"answer"`
	Context  json.RawMessage `json:"context"`
	Contexts []string        `json:"contexts"`
	Verdict  json.RawMessage `json:"verdict"`
}

// row is a sample that a person judged.
type row struct {
	sample  Sample
	verdict float64
}

// readLine reads up to the end of a line. Of one that is too long it keeps
// nothing.
func readLine(in *bufio.Reader) (line []byte, long bool, err error) {
	for {
		part, err := in.ReadSlice('\n')
		if long = long || len(line)+len(part) > maxLine; long {
			line = nil
		} else {
			line = append(line, part...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, long, err
		}
	}
}

// parseRow reads a line; reason says what is wrong with it.
func parseRow(line []byte) (r row, reason string) {
	var v verdictRow
	if err := json.Unmarshal(line, &v); err != nil {
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) && wrong.Field != "" {
			return row{}, fmt.Sprintf("%q is a %s", wrong.Field, wrong.Value)
		}
		return row{}, "it is no JSON object"
	}
	verdict, ok := parseVerdict(v.Verdict)
	switch {
	case len(v.Verdict) == 0 || string(v.Verdict) == "null":
		return row{}, `it has no "verdict"`
	case !ok:
		return row{}, `"verdict" is neither true or false nor a number`
	case v.Answer == nil:
		return row{}, `it has no "answer"`
	}
	contexts, ok := parseContext(v.Context)
	if !ok {
		return row{}, `"context" is neither a text nor a list of texts`
	}
	r = row{Sample{Query: v.Query, Expected: slashed(v.Expected), Answer: *v.Answer, Contexts: append(contexts, v.Contexts...)}, verdict}
	if len(Alternatives(r.sample.Expected)) == 0 && blank(r.sample.Contexts) {
		return row{}, `it has neither an "expected_answer" nor a "context" to compare the answer with`
	}
	return r, ""
}

func parseVerdict(raw json.RawMessage) (float64, bool) {
	switch s := strings.ToLower(strings.Trim(string(raw), `"`)); s {
	case "true", "yes":
		return 1, true
	case "false", "no":
		return 0, true
	default:
		v, err := strconv.ParseFloat(s, 64)
		return v, err == nil && !math.IsNaN(v) && !math.IsInf(v, 0)
	}
}

func parseContext(raw json.RawMessage) ([]string, bool) {
	if len(raw) == 0 || string(raw) == "null" {
		return nil, true
	}
	var one string
	if json.Unmarshal(raw, &one) == nil {
		return []string{one}, true
	}
	var many []string
	return many, json.Unmarshal(raw, &many) == nil
}

// slashed reads the alternatives of files of judged rows, which have slashes
// between them: "a/b/c". Those of a date or a fraction stay.
func slashed(expected string) string {
	if !strings.Contains(expected, "/") {
		return expected
	}
	kept := figures.ReplaceAllStringFunc(expected, func(s string) string { return strings.ReplaceAll(s, "/", "\x00") })
	return strings.ReplaceAll(strings.ReplaceAll(kept, "/", Separator), "\x00", "/")
}

// figures are dates, fractions and "24/7".
var figures = regexp.MustCompile(`\b\d{1,2}/\d{1,2}/(\d{4}|\d{2})\b|\b\d{4}/\d{1,2}/\d{1,2}\b|\b\d{1,2}/\d{1,2}\b`)
