package core_test

import (
	"context"
	"strings"
	"testing"

	"parley/modules/chat/internal/core"
	"parley/modules/corpora"
)

// handbook is a passage of four sections.
func handbook() corpora.Passage {
	p := corpora.Passage{ChunkID: 23, DocumentID: 13, CorpusID: 5, Title: "Handbook › Leave", URL: "/api/document/13/content", Score: 1}
	for _, part := range []struct{ title, text string }{
		{"", "Every employee has 28 days of annual leave."},
		{"Handbook › Travel", "\n\n## Travel\n\nRail is booked in second class. A form is sent to the office."},
		{"Handbook › Travel › Hotels", "\n\n### Hotels\n\nA night may cost up to 140 euro."},
		{"Handbook › Größe", "\n\n## Größe\n\nDie Büros haben 14 Plätze. A form is sent to the office."},
	} {
		if part.title != "" {
			p.Sections = append(p.Sections, corpora.Section{At: len(p.Text), Title: part.title})
		}
		p.Text += part.text
	}
	return p
}

func TestACitationNamesTheSectionThatHasItsSentence(t *testing.T) {
	for said, want := range map[string]string{
		"Rail is booked in second class [1].":                                  "Handbook › Travel",
		"You book second class when you go by rail.[1]":                        "Handbook › Travel",
		"Leave is 28 days a year. Hotels may cost 140 euro [1].":               "Handbook › Travel › Hotels",
		"* Leave is long\n* 140 euro is the limit [1]\n* rail is fine":         "Handbook › Travel › Hotels",
		"There are 28 days of leave [1]. A night may cost up to 140 euro [1].": "Handbook › Leave; Travel › Hotels",
		"A night costs 140 euro [1], and rail is booked in second class [1].":  "Handbook › Travel › Hotels; Travel",
		"A night costs 140 euro [2], [1].":                                     "Handbook › Travel › Hotels",
		"A night costs 140 euro [2][1].":                                       "Handbook › Travel › Hotels",
		"A night costs 140 euro [1-2].":                                        "Handbook › Travel › Hotels",
		"In den Büros sind 14 Plätze [1].":                                     "Handbook › Größe",
		"A form is sent to the office [1].":                                    "Handbook › Leave", // two sections have it
		"Nobody knows [1].":                                                    "Handbook › Leave",
		"[1]":                                                                  "Handbook › Leave",
		"Coils are yearly [2]. " + strings.Repeat("More. ", 400) + "Rail [1].": "Handbook › Travel",
	} {
		play(t, func(s *scene) {
			s.library.passages = []corpora.Passage{handbook(), s.library.passages[1]}
			s.model.answer = says(0, said)
			got := s.ended(s.ask("What is it?"))
			support, err := s.Support(s.ctx, jo, got.ID)
			s.must(err)
			for _, r := range got.References {
				if title := support[r.Number-1].Title; title != r.Title {
					t.Errorf("%.60q: the reference is %q, the content that supports it %q", said, r.Title, title)
				}
				if r.Number == 1 && r.Title != want {
					t.Errorf("%.60q is cited as %q, want %q", said, r.Title, want)
				}
			}
		})
	}
}

func TestAnAnswererThatQuotesSaysWhere(t *testing.T) {
	play(t, func(s *scene) {
		p := handbook()
		s.library.passages = []corpora.Passage{p}
		s.model.answer = func(ctx context.Context, prompt core.Prompt, emit func(string) error) (core.Completion, error) {
			out, err := says(0, "“A form is sent to the office.” [1]")(ctx, prompt, emit)
			out.Quotes = []core.Quote{{Number: 1, At: strings.LastIndex(p.Text, "A form")}}
			return out, err
		}
		got := s.ended(s.ask("What is sent?"))
		s.same("Handbook › Größe", got.References[0].Title)
	})
}
