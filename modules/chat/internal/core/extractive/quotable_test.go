package extractive

import (
	"strings"
	"testing"
)

// over answers a question over passages of a small collection, each found by
// the part of the question's words that it has.
func over(question string, texts ...string) Answer {
	var all []Passage
	for _, s := range texts {
		title, body, _ := strings.Cut(s, "\n")
		all = append(all, Passage{Title: title, Text: body})
	}
	return ask(question, all)
}

func TestAWordForTheKindOfTheAnswerNeedNotBeThere(t *testing.T) {
	a := over("Which colour is the badge of a contractor?",
		"Site handbook › Badges\nBadges are orange for contractors and teal for staff.",
		"Site handbook › Parking\nParking is free on the north side. Bicycles belong in the shed.",
		"Site handbook › Canteen\nThe canteen serves lunch from noon to two.")
	if !strings.Contains(a.Text, "orange") {
		t.Error(a.Text)
	}
}

func TestOfficeWordsAreUnderstood(t *testing.T) {
	for question, want := range map[string]string{
		"How many days of vacation do employees get?": "28 days",
		"When is the salary paid?":                    "25th",
		"Who repairs my laptop?":                      "Bo Lind",
	} {
		a := over(question,
			"Handbook › Leave\nAll staff get 28 days of paid leave a year.",
			"Handbook › Pay\nWages are paid on the 25th of each month.",
			"Handbook › Equipment\nBroken computers are repaired by Bo Lind in room 12.")
		if !strings.Contains(a.Text, want) {
			t.Errorf("%q lacks %q: %s", question, want, a.Text)
		}
	}
}

func TestADefinitionIsPreferred(t *testing.T) {
	for question, want := range map[string]string{
		"What is a passkey?":    "A passkey is a pair of keys",
		"Define passkey":        "A passkey is a pair of keys",
		"Who is Ada Lund?":      "Ada Lund is the head of the yard",
		"What does FTE mean?":   "FTE stands for full-time equivalent",
		"What is the day book?": "called the day book",
	} {
		got := over(question, "Glossary\nEach passkey of a user has a name, and a passkey can be deleted. A passkey is a pair of keys that replaces a password. "+
			"Ask Ada Lund for keys, or call Ada Lund. Ada Lund is the head of the yard. FTE is counted monthly in FTE reports. FTE stands for full-time equivalent. "+
			"Bring the day book, and sign the day book. Visits are written into a list called the day book.").Text
		if first, _, _ := strings.Cut(got, "”"); !strings.Contains(first, want) {
			t.Errorf("%q: %s", question, got)
		}
	}
}

func TestCodeDataAndContentsAnswerNoQuestionInWords(t *testing.T) {
	for name, junk := range map[string]string{
		"code":              "```go\nfunc retryTimeout(seconds int) { return timeout.retry(seconds) }\n```",
		"JSON":              "{\"retry\": {\"timeout\": 30, \"seconds\": true}}",
		"lines of JSON":     "\"retry\": \"timeout\",\n\n\"timeout seconds\": 30,",
		"contents":          "Retry timeout in seconds ........ 12\n\nTimeouts . . . . . . 13",
		"numbered contents": "1.2 Retry timeout 12\n\n1.3 Seconds of the timeout 14",
	} {
		a := over("What is the retry timeout in seconds?", "Guide › Retries\n"+junk, "Guide › Network\nThe client waits for a retry timeout of 45 seconds.", "Guide › Colours\nBlue is nice.")
		if len(a.Quotes) != 1 || !strings.Contains(a.Text, "45 seconds") {
			t.Errorf("%s: %s", name, a.Text)
		}
		if a := over("What is the retry timeout in seconds?", "Guide › Retries\n"+junk, "Guide › Colours\nBlue is nice."); a.Found {
			t.Errorf("%s alone: %s", name, a.Text)
		}
	}
}

func TestCodeIsQuotedWithTheSentenceBeforeIt(t *testing.T) {
	a := over("How do I restore an archive?", "Guide › Restoring\nRestore an archive with this command:\n\n```\ntar -xf backup.tar\n```\n", "Guide › Colours\nBlue is nice.")
	if !strings.Contains(a.Text, "tar -xf backup.tar") {
		t.Error(a.Text)
	}
}

func TestMisspelledWordsAreRead(t *testing.T) {
	a := over("When did the seige of Harbin begin?", "Harbin\nThe sieg of Harbin began in 1720. It was long.", "Other\nNothing of that is here.")
	if !strings.Contains(a.Text, "1720") {
		t.Error(a.Text)
	}
	if a := over("Who leads the tower?", "Team\nThe lead of the town is Mo.", "Other\nThe power is off."); strings.Contains(a.Text, "power") {
		t.Errorf("an English word was taken for another: %s", a.Text)
	}
}

func TestNothingIsAnsweredByRelativesOfItsWordsAlone(t *testing.T) {
	a := over("Who is the chief executive of the company?", "Handbook › Roles\nAdministrators of a team see its projects and invite members.", "Handbook › Colours\nBlue is nice.")
	if a.Found {
		t.Error(a.Text)
	}
}
