package metrics

import (
	"context"
	"regexp"
	"strconv"
	"strings"
)

// Document is where a passage is from.
type Document struct {
	ID int64
	// Title is the document's, and may go on with its sections: "Guide › Backups".
	Title string
}

const noExpectedDocuments = "the query names no documents"

type documentsDetail struct {
	Missing    []string `json:"missing,omitempty"`
	Unexpected []string `json:"unexpected,omitempty"`
}

// documentRecall is the part of the expected documents that passages are from.
func documentRecall(ctx context.Context, s Sample) (Score, error) {
	return byDocuments(ctx, s, func(found matched) Score {
		out := value(float64(found.expected-len(found.missing)) / float64(found.expected))
		out.Detail = detail(documentsDetail{Missing: found.missing[:min(len(found.missing), maxListed)]})
		return out
	})
}

// documentPrecision is the part of the documents that passages are from that is
// expected.
func documentPrecision(ctx context.Context, s Sample) (Score, error) {
	return byDocuments(ctx, s, func(found matched) Score {
		if found.documents == 0 {
			return none(noContexts)
		}
		out := value(float64(found.documents-len(found.unexpected)) / float64(found.documents))
		out.Detail = detail(documentsDetail{Unexpected: found.unexpected[:min(len(found.unexpected), maxListed)]})
		return out
	})
}

// matched is how expected documents and those of the passages meet.
type matched struct {
	expected, documents int
	missing, unexpected []string
}

func byDocuments(ctx context.Context, s Sample, compare func(matched) Score) (Score, error) {
	if err := ctx.Err(); err != nil {
		return Score{}, err
	}
	expected := map[string]bool{} // whether it was found
	var order []string
	for _, e := range s.ExpectedDocuments {
		if e = strings.TrimSpace(e); e == "" {
			continue
		}
		if _, twice := expected[e]; !twice {
			expected[e] = false
			order = append(order, e)
		}
	}
	if len(order) == 0 {
		return none(noExpectedDocuments), nil
	}
	m := matched{expected: len(order)}
	seen := map[int64]bool{}
	for _, d := range s.Documents {
		if seen[d.ID] {
			continue
		}
		seen[d.ID] = true
		m.documents++
		wanted := false
		for _, e := range order {
			if d.is(e) {
				expected[e], wanted = true, true
			}
		}
		if !wanted {
			m.unexpected = append(m.unexpected, clip(d.name()))
		}
	}
	for _, e := range order {
		if !expected[e] {
			m.missing = append(m.missing, clip(e))
		}
	}
	return compare(m), nil
}

// is reports whether a document is meant by an id or a name, which may leave out
// the ending of a file.
func (d Document) is(ref string) bool {
	if ref == strconv.FormatInt(d.ID, 10) {
		return true
	}
	for _, title := range []string{d.Title, d.name()} {
		if strings.EqualFold(bare(title), bare(ref)) {
			return true
		}
	}
	return false
}

// name is the title without sections.
func (d Document) name() string {
	name, _, _ := strings.Cut(d.Title, below)
	return strings.TrimSpace(name)
}

const below = " › "

// bare is a name without the ending of a file: ".pdf", but not the ".0" of a
// version.
func bare(name string) string {
	return ending.ReplaceAllString(strings.TrimSpace(name), "")
}

var ending = regexp.MustCompile(`\.[A-Za-z][A-Za-z0-9]{0,8}$`)
