package chunking

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"parley/modules/corpora/internal/core/document"
	"parley/platform/kernel/text"
)

// split gives the sentences of a block's text.
func split(kind document.Kind, body string) []text.Sentence {
	switch kind {
	case document.TableRow:
		return []text.Sentence{{Start: 0, End: len(body), Shape: text.Row}}
	case document.Code:
		return lines(body)
	}
	return text.Sentences(body)
}

func lines(body string) (out []text.Sentence) {
	for at := 0; at < len(body); {
		end := len(body)
		if k := strings.IndexByte(body[at:], '\n'); k >= 0 {
			end = at + k
		}
		if strings.TrimSpace(body[at:end]) != "" {
			out = append(out, text.Sentence{Start: at, End: end, Shape: text.Code})
		}
		at = end + 1
	}
	return out
}

type piece struct{ Start, End int }

// pieces cuts a sentence that has more than limit characters where a reader
// would pause: after a clause, else at a space, else between any two
// characters.
func pieces(s string, limit int) []piece {
	if len(s) <= limit || utf8.RuneCountInString(s) <= limit {
		return []piece{{0, len(s)}}
	}
	var out []piece
	start := 0
	for start < len(s) {
		end, clause, blank, n := start, 0, 0, 0
		for end < len(s) && n < limit {
			r, size := utf8.DecodeRuneInString(s[end:])
			end += size
			n++
			switch {
			case strings.ContainsRune(";:,|、，；：", r):
				clause = end
			case unicode.IsSpace(r):
				blank = end
			}
		}
		if end < len(s) {
			if half := start + (end-start)/2; clause > half {
				end = clause
			} else if blank > half {
				end = blank
			}
		}
		from, to := start, end
		for from < to && (s[from] == ' ' || s[from] == '\n') {
			from++
		}
		for to > from && (s[to-1] == ' ' || s[to-1] == '\n') {
			to--
		}
		if from < to {
			out = append(out, piece{from, to})
		}
		start = end
	}
	return out
}
