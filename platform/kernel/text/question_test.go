package text

import "testing"

func TestAQuestionTellsWhatItAsksFor(t *testing.T) {
	for q, want := range map[string]Answer{
		"When was the town founded?":                  Time,
		"In what year did the war end?":               Time,
		"Who wrote the operations guide?":             Name,
		"How many users can one request delete?":      Number,
		"and how long does it take?":                  Number,
		"What is the maximum size of an upload?":      Number,
		"Where are the files kept?":                   Place,
		"What is Parley?":                             Meaning,
		"What does RM3 stand for?":                    Meaning,
		"How do I back up the database?":              Anything,
		"Why did the man who sang leave?":             Anything,
		"Which country borders Laos?":                 Place,
		"What happens when the server is killed?":     Anything,
		"And when does it end?":                       Time,
		"Can you tell me where it is?":                Place,
		"It opened in which year?":                    Time,
		"":                                            Anything,
		"What is the largest city that he ever saw?":  Anything,
		"Describe the outbox and what it is used for": Anything,
	} {
		if got := Asks(q); got != want {
			t.Errorf("%q asks for %v, want %v", q, got, want)
		}
	}
}

func TestASentenceHoldsWhatIsAskedFor(t *testing.T) {
	for _, c := range []struct {
		kind     Answer
		sentence string
		want     bool
	}{
		{Time, "It opened on 3 May 1851.", true},
		{Time, "Backups run every six hours.", true},
		{Time, "It opened with a speech.", false},
		{Name, "It was designed by Ada Byron.", true},
		{Name, "The town is old.", false},
		{Number, "At most 1,000 ids are taken.", true},
		{Number, "It has twelve members.", true},
		{Number, "It has many members.", false},
		{Place, "The files lie in `parley-data`.", true},
		{Place, "She lives in Paris.", true},
		{Place, "She lives well.", false},
		{Meaning, "A corpus is a set of documents.", true},
		{Meaning, "Upload a corpus first.", false},
		{Anything, "Whatever.", true},
	} {
		if got := Holds(c.kind, c.sentence); got != c.want {
			t.Errorf("%q holds %v: %v", c.sentence, c.kind, got)
		}
	}
}

func FuzzQuestions(f *testing.F) {
	f.Add("how many", "12")
	f.Fuzz(func(_ *testing.T, question, sentence string) {
		Holds(Asks(question), sentence)
	})
}
