package extractive

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"parley/modules/corpora"
	"parley/platform/kernel/text"
)

// Passage is one of the passages that were retrieved, best first.
type Passage struct {
	Number int // as it is cited
	Title  string
	Text   string
	Score  float64 // comparable with those of the other passages
	// Sections begin within Text; what stands before them is under Title.
	Sections []corpora.Section
}

// section is the document and the headings over a byte of the text.
func (p *Passage) section(at int) string {
	return corpora.Passage{Title: p.Title, Sections: p.Sections}.SectionAt(at)
}

// Request is a question with what was found for it.
type Request struct {
	Question string
	// Query is the question made to stand alone, "" when it does.
	Query    string
	Passages []Passage
	// Searched is the number of passages that were searched; Frequencies says
	// how many of them have each stem of the query.
	Searched    int
	Frequencies map[string]int
	// FollowUps asks for questions to go on with.
	FollowUps bool

	plain bool // leaves the lexicon out, to fit the refusal without it
}

// Answer is what can be said.
type Answer struct {
	Text  string // one paragraph, with citations such as [1]
	Found bool   // false: Text says that nothing fits
	// Quotes are the sentences in the answer, in its order.
	Quotes []Quote
	// FollowUps are at most three; only when asked for.
	FollowUps []string
	// Coverage is the part of the question's weight that the best sentence,
	// with the headings over it, has words for: 0 to 1.
	Coverage float64
}

// Quote is a stretch of a passage.
type Quote struct {
	Number     int // of the passage
	Start, End int // bytes in the passage's text
	Score      float64
}

const (
	maxPassages  = 5   // that are read for sentences
	maxSentences = 400 // of one passage
	maxQuotes    = 3
	maxQuote     = 600 // characters shown of one quote
)

// Answer answers. It never fails: with nothing to quote it says so.
func (r Request) Answer() Answer {
	q := newQuestion(r)
	passages := r.Passages[:min(len(r.Passages), maxPassages)]
	q.repair(passages)
	found := q.sentences(passages)
	if len(found) == 0 || q.total == 0 {
		return Answer{Text: q.nothing(nil), FollowUps: r.followUps(nil)}
	}
	if q.refuses(found[0], passages) {
		return Answer{Text: q.nothing(passages), FollowUps: r.followUps(nil), Coverage: found[0].coverage}
	}
	chosen := q.choose(found)
	a := Answer{Found: true, Coverage: found[0].coverage}
	var parts []string
	last, under := -1, ""
	for _, s := range chosen {
		quote := Quote{Number: s.passage.Number, Start: s.start, End: s.end, Score: s.score}
		a.Quotes = append(a.Quotes, quote)
		shown := clean(s.passage.Text[s.start:s.end])
		lead, section := "", s.passage.section(s.start)
		if q.english && (quote.Number != last || section != under) {
			lead = introduce(section, len(parts) == 0)
		}
		last, under = quote.Number, section
		parts = append(parts, fmt.Sprintf("%s“%s” [%d]", lead, shown, quote.Number))
	}
	a.Text = strings.Join(parts, " ")
	a.FollowUps = r.followUps(chosen)
	return a
}

// introduce names where a quote comes from.
func introduce(title string, first bool) string {
	title = shorten(title)
	switch {
	case title == "" && first:
		return "The documents say: "
	case title == "":
		return ""
	case first:
		return "According to " + title + ": "
	}
	return "In " + title + ": "
}

const maxLead = 70 // characters

// shorten leaves the document and the nearest heading of a title, or the
// nearest heading alone.
func shorten(title string) string {
	parts := strings.Split(title, " › ")
	last := clean(parts[len(parts)-1])
	if first := clean(parts[0]); len(parts) > 1 && utf8.RuneCountInString(first)+utf8.RuneCountInString(last) < maxLead {
		return first + " › " + last
	}
	if runes := []rune(last); len(runes) > maxLead {
		return string(runes[:maxLead-1]) + "…"
	}
	return last
}

// nothing says that no passage answers, and which words none of them has.
func (q *question) nothing(passages []Passage) string {
	if q.total == 0 && q.terms == nil {
		return "I could not find anything to look for in this question."
	}
	if len(passages) == 0 {
		return "I could not find anything about this in the documents."
	}
	if !q.english {
		return "I could not find an answer to this in the documents."
	}
	var missing []string
	for i, t := range q.terms {
		if q.found[i] || t.light || t.kind || utf8.RuneCountInString(t.written) < 2 || len(missing) == 3 {
			continue // what an answer need not have is not missed
		}
		missing = append(missing, "“"+t.written+"”")
	}
	if len(missing) == 0 {
		return "I could not find an answer to this in the documents."
	}
	return "I could not find an answer to this in the documents: what I found does not mention " + list(missing) + "."
}

func list(items []string) string {
	if len(items) < 2 {
		return strings.Join(items, "")
	}
	return strings.Join(items[:len(items)-1], ", ") + " or " + items[len(items)-1]
}

// wordCount is the number of words of a text.
func wordCount(s string) (n int) {
	for range text.Words(s) {
		n++
	}
	return n
}
