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

func TestWhatIsRefusedBeyondABoundIsTheBound(t *testing.T) {
	for _, c := range []judgedAnswer{
		{"What is the maximum size?", "up to 25 MB", "Files over 25 MB are rejected.", true},
		{"What is the maximum size?", "up to 25 MB", "Nothing above 25 MB is accepted.", true},
		{"What is the maximum size?", "up to 25 MB", "It takes over 25 MB.", false},
		{"When must I pay?", "by 31 March", "Not after 31 March.", true},
		{"When must I pay?", "by March 31", "What is received after March 31 is refused.", true},
		{"When must I pay?", "by March 31", "After March 31.", false},
		{"When may I return it?", "no later than 14 days after purchase", "After 14 days it can't be returned.", true},
		{"How many may join?", "a maximum of 8 people", "You can't be more than 8.", true},
		{"How many may I take?", "You may not take more than four.", "At most four, not more.", true},
	} {
		c.check(t)
	}
}

func TestAnAmountBySomethingIsNoBound(t *testing.T) {
	for _, c := range []judgedAnswer{
		{"How much did sales grow?", "by 12%", "Sales grew more than 12%.", true},
		{"How much did it rise?", "by 5 percent", "It rose by over 5 percent.", true},
		{"When must it be done?", "by 2030", "After 2030.", false},
		{"When must it be done?", "by 10 am", "After 10 am.", false},
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
		{"Which year and which city?", "Athens, 2004", "2004", false},
		{"What year did he win, and who lost?", "He beat Bob Dole in 1996", "1996", false},
		{"What year was it built?", "before 2010", "after 2010", false},
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
		{"What lives there?", "a sea lion", "a mountain lion", false},
		{"What was its purpose?", "the tsar's Moscow residence", "It was to protect the city of Moscow.", false},
		{"Who was president?", "George W. Bush", "President bush", true},
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
