package extractive

import (
	"cmp"
	"os"
	"slices"
	"strings"
	"testing"

	"parley/modules/corpora"
	"parley/platform/kernel/text"
)

// library is the passages of testdata, which hold what a small handbook and a
// few factual pages would.
func library(t testing.TB) (out []Passage) {
	t.Helper()
	data, err := os.ReadFile("testdata/passages.md")
	if err != nil {
		t.Fatal(err)
	}
	for part := range strings.SplitSeq("\n"+string(data), "\n# ") {
		title, body, ok := strings.Cut(part, "\n")
		if ok && title != "" {
			out = append(out, Passage{Title: title, Text: strings.TrimSpace(body)})
		}
	}
	return out
}

func stems(s string) map[string]bool {
	m := map[string]bool{}
	for w := range text.Words(s) {
		m[text.Stem(w.Form)] = true
	}
	return m
}

// ask retrieves from the passages as a search would, by the weight of shared
// words, and answers.
func ask(question string, all []Passage) Answer {
	r := Request{Question: question, Searched: len(all), Frequencies: map[string]int{}, FollowUps: true}
	for stem := range stems(question) {
		n := 0
		for _, p := range all {
			if stems(p.Title + " " + p.Text)[stem] {
				n++
			}
		}
		r.Frequencies[stem] = n
	}
	for _, p := range all {
		for stem := range stems(p.Title + " " + p.Text) {
			if n := r.Frequencies[stem]; n > 0 {
				p.Score += idf(float64(len(all)), float64(n))
			}
		}
		if p.Score > 0 {
			r.Passages = append(r.Passages, p)
		}
	}
	slices.SortStableFunc(r.Passages, func(a, b Passage) int { return cmp.Compare(b.Score, a.Score) })
	r.Passages = r.Passages[:min(len(r.Passages), 5)]
	for i := range r.Passages {
		r.Passages[i].Number = i + 1
	}
	return r.Answer()
}

func fileLines(t testing.TB, path string) []string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(data)), "\n")
}

func TestQuestionsAreAnsweredWithTheSentenceThatAnswers(t *testing.T) {
	all := library(t)
	questions := fileLines(t, "testdata/answerable.tsv")
	right := 0
	for _, line := range questions {
		question, want, _ := strings.Cut(line, "\t")
		a := ask(question, all)
		if a.Found && strings.Contains(a.Text, want) {
			right++
		} else {
			t.Logf("%q lacks %q (coverage %.2f): %s", question, want, a.Coverage, a.Text)
		}
	}
	t.Logf("%d of %d", right, len(questions))
	if float64(right) < 0.93*float64(len(questions)) {
		t.Errorf("only %d of %d questions are answered", right, len(questions))
	}
}

func TestAQuestionIsAnsweredByOtherFormsOfItsWords(t *testing.T) {
	for question, want := range map[string]string{
		"Urlaub": "Der Urlaubsanspruch beträgt dreißig Tage.",
		"отпуск": "Продолжительность отпуска составляет двадцать восемь дней.",
		"إجازة":  "يستحق الموظف الإجازة بعد سنة من الخدمة.",
	} {
		if got := ask(question, []Passage{{Title: "Personal", Text: want, Score: 1}}).Text; !strings.Contains(got, strings.TrimSuffix(want, ".")) {
			t.Errorf("%q: %s", question, got)
		}
	}
}

func TestUnrelatedQuestionsAreNotAnswered(t *testing.T) {
	all := library(t)
	for _, question := range fileLines(t, "testdata/unanswerable.txt") {
		a := ask(question, all)
		if a.Found || len(a.Quotes) != 0 || !strings.HasPrefix(a.Text, "I could not find") || strings.Contains(a.Text, "[1]") {
			t.Errorf("%q (coverage %.2f): %s", question, a.Coverage, a.Text)
		}
	}
}

func TestAnAnswerIsOneParagraphOfQuotesWithCitations(t *testing.T) {
	got := ask("Who built the lighthouse at Cape Merrow?", library(t)).Text
	want := "According to Cape Merrow lighthouse: “The lighthouse at Cape Merrow was built in 1851 by the engineer Isobel Tarrant.” [1]"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestQuotesPointIntoTheirPassages(t *testing.T) {
	passages := []Passage{
		{Number: 7, Title: "A", Text: "Nothing here. The queen lays eggs in May. More.", Score: 2},
		{Number: 9, Title: "B", Text: "Queens are large.", Score: 1},
	}
	a := Request{Question: "When does the queen lay eggs?", Passages: passages}.Answer()
	if len(a.Quotes) == 0 || a.Quotes[0].Number != 7 || passages[0].Text[a.Quotes[0].Start:a.Quotes[0].End] != "The queen lays eggs in May." || !strings.Contains(a.Text, "[7]") {
		t.Errorf("%+v", a)
	}
}

func TestAQuoteIsIntroducedByTheSectionInWhichItStands(t *testing.T) {
	body := "Every employee has 28 days of annual leave.\n\n## Travel\n\nA hotel may cost up to 140 euro a night."
	passage := Passage{Number: 1, Title: "Handbook › Leave", Text: body, Score: 3, Sections: []corpora.Section{{At: strings.Index(body, "\n\n##"), Title: "Handbook › Travel"}}}
	for question, want := range map[string]string{
		"How much may a hotel cost a night?":                                      "According to Handbook › Travel: “A hotel may cost up to 140 euro a night.” [1]",
		"How many days of annual leave does every employee have?":                 "According to Handbook › Leave: “Every employee has 28 days of annual leave.” [1]",
		"How many days of leave does an employee have, and what may hotels cost?": "According to Handbook › Leave: “Every employee has 28 days of annual leave.” [1] In Handbook › Travel: “A hotel may cost up to 140 euro a night.” [1]",
	} {
		if got := (Request{Question: question, Passages: []Passage{passage}}).Answer().Text; got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func TestASentenceThatPointsBackBringsTheOneBefore(t *testing.T) {
	a := Request{Question: "How many metres is the lamp above the sea?", Passages: []Passage{
		{Number: 1, Text: "The tower stands on a rock. Its lamp is 42 metres above the sea.", Score: 1},
	}}.Answer()
	if !strings.Contains(a.Text, "“The tower stands on a rock. Its lamp is 42 metres above the sea.”") {
		t.Error(a.Text)
	}
}

func TestASentenceThatLeadsUpToAListBringsTheList(t *testing.T) {
	a := Request{Question: "Which formats can be uploaded?", Passages: []Passage{
		{Number: 1, Text: "These formats can be uploaded:\n\n- PDF\n- **Word**\n- plain text\n\nOthers fail.", Score: 1},
	}}.Answer()
	if !strings.Contains(a.Text, "“These formats can be uploaded: PDF; Word; plain text” [1]") {
		t.Error(a.Text)
	}
}

func TestTheSameSentenceIsQuotedOnce(t *testing.T) {
	same := "The server listens on port 8080 by default."
	a := Request{Question: "Which port does the server listen on?", Passages: []Passage{
		{Number: 1, Text: same, Score: 2}, {Number: 2, Text: same, Score: 2}, {Number: 3, Text: same, Score: 2},
	}}.Answer()
	if len(a.Quotes) != 1 {
		t.Errorf("%d quotes: %s", len(a.Quotes), a.Text)
	}
}

func TestTwoHalvesOfAnAnswerAreBothQuoted(t *testing.T) {
	a := Request{Question: "Where is the archive written and when is the checksum printed?", Passages: []Passage{
		{Number: 1, Text: "The archive is written to the data directory. The weather was fine. The checksum is printed at the end.", Score: 1},
	}}.Answer()
	if len(a.Quotes) != 2 || !strings.Contains(a.Text, "data directory") || !strings.Contains(a.Text, "at the end") {
		t.Errorf("%s", a.Text)
	}
}

func TestWithoutPassagesNothingIsAnswered(t *testing.T) {
	for _, r := range []Request{{}, {Question: "What is it?"}, {Question: "?", Passages: []Passage{{Number: 1, Text: "Text."}}}, {Question: "What about it?", Passages: []Passage{{}}}} {
		if a := r.Answer(); a.Found || !strings.HasPrefix(a.Text, "I could not find") {
			t.Errorf("%+v", a)
		}
	}
}

func TestFollowUpQuestionsComeFromOtherHeadings(t *testing.T) {
	r := Request{Question: "How do I make a backup?", FollowUps: true, Passages: []Passage{
		{Number: 1, Title: "Handbook › Backups", Text: "Make a backup with the backup command.", Score: 3},
		{Number: 2, Title: "Handbook › **Restoring**", Text: "Unpack the archive.", Score: 2},
		{Number: 3, Title: "Handbook › What is a corpus?", Text: "A set.", Score: 1},
		{Number: 4, Title: "Handbook › Restoring", Text: "Unpack.", Score: 1},
	}}
	got := strings.Join(r.Answer().FollowUps, "\n")
	if want := "What do the documents say about “Restoring”?\nWhat is a corpus?"; got != want {
		t.Errorf("got %q", got)
	}
	r.FollowUps = false
	if r.Answer().FollowUps != nil {
		t.Error("follow-up questions that nobody asked for")
	}
}

func TestMarkdownIsTakenOutOfQuotes(t *testing.T) {
	for in, want := range map[string]string{
		"The **bold** and *thin* `code` word.":                "The bold and thin code word.",
		"See [the guide](https://x.example/a_b) now.":         "See the guide now.",
		"A fact.[12] Another.[^3]":                            "A fact. Another.",
		"snake_case and 2 * 3 * 4 stay":                       "snake_case and 2 * 3 * 4 stay",
		"- item one\n- item two":                              "item one; item two",
		"> quoted\n> text":                                    "quoted; text",
		"| a | b |":                                           "a; b",
		"He said \"no\" to “it”.":                             "He said 'no' to ‘it’.",
		"line<br>break <b>x</b> 1 < 2":                        "linebreak x 1 < 2",
		"rose from .846 to .936 .":                            "rose from .846 to .936.",
		"![image](x.png) caption":                             "image caption",
		strings.Repeat("word ", 200):                          strings.TrimSpace(strings.Repeat("word ", 120)) + " …",
		"wrapped at forty characters or even more than\nthat": "wrapped at forty characters or even more than that",
	} {
		if got := clean(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add("How do I make a backup?", "Title › Part", "A backup is made by **command**: [x](y)\n\n- a\n- b\n", "Second. \"Quote\" [3]")
	f.Fuzz(func(t *testing.T, question, title, one, two string) {
		passages := []Passage{{Number: 1, Title: title, Text: one, Score: 2}, {Number: 2, Title: one, Text: two, Score: 1}, {Number: 3, Text: question}}
		a := Request{Question: question, Passages: passages, FollowUps: true}.Answer()
		if a.Text == "" || strings.Contains(a.Text, "\n") || a.Found != (len(a.Quotes) > 0) || len(a.FollowUps) > maxFollowUps {
			t.Fatalf("%+v", a)
		}
		for _, q := range a.Quotes {
			if p := passages[q.Number-1].Text; q.Start < 0 || q.End > len(p) || q.Start >= q.End {
				t.Fatalf("%+v of %q", q, p)
			}
		}
	})
}

func BenchmarkAnswer(b *testing.B) {
	all := library(b)
	r := Request{Question: "How long does it take to rebuild the search index from an archive?", FollowUps: true}
	for i := range 5 {
		p := all[i]
		p.Number, p.Score = i+1, float64(5-i)
		r.Passages = append(r.Passages, p)
	}
	for b.Loop() {
		r.Answer()
	}
}
