package extractive

import (
	"strings"
	"testing"
)

func TestAQuestionThatLeansOnTheConversationIsMadeToStandAlone(t *testing.T) {
	backup := []Turn{{User: "How do I make a backup of the database?", Bot: "“Use the command.” [1]"}}
	ferry := []Turn{{User: "hello"}, {User: "How long does the ferry take from Port Ansel?", Bot: "“Forty minutes.” [2]"}, {User: "and in winter?", Bot: "“Longer.” [1]"}}
	keeper := []Turn{{User: "Who was the last keeper?", Bot: "According to Cape Merrow: “The last keeper, Jonas Webb, left in 1988.” [1]"}}
	for _, c := range []struct {
		history  []Turn
		question string
		want     string
	}{
		{nil, "and how long does it take?", "and how long does it take?"},
		{backup, "and how long does it take?", "and how long does it take? (backup database)"},
		{backup, "Where is it written?", "Where is it written? (backup database)"},
		{backup, "why?", "why? (backup database)"},
		{backup, "What is the price of the Team plan?", "What is the price of the Team plan?"},
		{backup, "How does the server find its files?", "How does the server find its files?"},
		{backup, "What is Parley?", "What is Parley?"},
		{ferry, "And how much does it cost?", "And how much does it cost? (winter ferry Port Ansel)"},
		{keeper, "Where did he move to?", "Where did he move to? (Jonas Webb keeper)"},
		{[]Turn{{User: "港口是什么时候建的？"}}, "为什么？", "为什么？"},
		{[]Turn{{User: ""}, {User: "?!"}}, "why?", "why?"},
	} {
		if got := Standalone(c.history, c.question); got != c.want {
			t.Errorf("%q after %q becomes %q, want %q", c.question, c.history, got, c.want)
		}
	}
}

func FuzzStandalone(f *testing.F) {
	f.Add("How do I?", "“Quote” [1]", "and it?")
	f.Fuzz(func(t *testing.T, user, bot, question string) {
		got := Standalone([]Turn{{User: user, Bot: bot}, {User: bot}}, question)
		if len(got) > len(question)+len(user)+2*len(bot)+200 {
			t.Fatalf("%d bytes", len(got))
		}
	})
}

func TestAFollowUpIsAnsweredByWhatItAsksAndNotByWhatItLeansOn(t *testing.T) {
	passage := Passage{Number: 1, Text: "The lighthouse of Cape Merrow was built in 1871 by Ada Lund. It is 41 metres high.", Score: 2}
	for question, want := range map[string]string{
		"And how high is it?": "41 metres high",
		"And who built it?":   "Ada Lund",
	} {
		query := Standalone([]Turn{{User: "When was the lighthouse built?", Bot: "In 1871 [1]"}}, question)
		got := Request{Question: question, Query: query, Passages: []Passage{passage}, Searched: 9, Frequencies: map[string]int{"high": 6, "lighthous": 6, "built": 6}}.Answer()
		if !strings.Contains(got.Text, want) || len(got.Quotes) != 1 {
			t.Errorf("%q (%q): %s", question, query, got.Text)
		}
	}
}
