package metrics

import "testing"

func TestABoundIsNotItsOpposite(t *testing.T) {
	for _, c := range []judgedAnswer{
		{"How many may I take?", "not more than four", "Four.", true},
		{"How many may I take?", "not more than four", "At most four.", true},
		{"How many may I take?", "not more than four", "A maximum of 4.", true},
		{"How many may I take?", "not more than four", "More than four.", false},
		{"How many may I take?", "up to 5", "Over 5.", false},
		{"How many must I bring?", "at least 5", "No fewer than 5.", true},
		{"How many must I bring?", "at least 5", "At most 5.", false},
		{"How many must I bring?", "more than 5", "Less than 5.", false},
		{"How many must I bring?", "more than 5", "More than 5, and in winter less than 5 more.", true},
		{"When must I pay?", "no later than 5 May", "By 5 May.", true},
		{"When must I pay?", "no later than 5 May", "After 5 May.", false},
		{"When was it built?", "before 2010", "After 2010.", false},
		{"May I take five?", "You may not take more than four.", "You may take four and more.", false},
	} {
		c.check(t)
	}
}

func TestAYearThatIsAskedForIsEnough(t *testing.T) {
	for _, c := range []judgedAnswer{
		{"Which year did it open?", "October 29, 1993", "1993", true},
		{"In what year did it open?", "October 1993", "In 1993.", true},
		{"Which year did it open?", "October 29, 1993", "1994", false},
		{"Which years was it open?", "from May 1993 to May 1994", "1993", false},
		{"Which year was it open?", "from May 1993 to May 1994", "1993", false},
		{"When did it open?", "October 29, 1993", "1993", false},
	} {
		c.check(t)
	}
}

func TestTheKindOfANameMayBeLeftOut(t *testing.T) {
	for _, c := range []judgedAnswer{
		{"Where does it lie?", "Caribbean Sea", "In the Caribbean.", true},
		{"Where does it lie?", "Caribbean Sea", "In the North Sea.", false},
		{"Which party?", "Democratic Party", "The Democrats.", true},
		{"Who is it?", "Sergeant Ed White", "Ed White", true},
		{"Who has an alibi?", "Macavity, the Mystery Cat", "It is a cat.", false},
		{"Who is it?", "Cornelius Peck", "it is peck", true},
		{"Who is it?", "Cornelius Peck", "It is Peck.", true},
	} {
		c.check(t)
	}
}

// judgedAnswer is an answer that is correct or not.
type judgedAnswer struct {
	query, expected, answer string
	correct                 bool
}

func (c judgedAnswer) check(t *testing.T) {
	t.Helper()
	got := scoreOf(t, AnswerCorrectness, Sample{Query: c.query, Expected: c.expected, Answer: c.answer})
	if correct := *got.Value >= enough; correct != c.correct {
		t.Errorf("%q for %q, expected %q: %.2f, %s", c.answer, c.query, c.expected, *got.Value, got.Detail)
	}
}
