package metrics

import (
	"strings"
	"testing"

	"parley/platform/kernel/text"
)

// passing fails the test where an answer passes and should not, or the other
// way round. A case is a question, the expected answer and an answer.
func passing(t *testing.T, want bool, cases ...[3]string) {
	t.Helper()
	for _, c := range cases {
		got := scoreOf(t, AnswerCorrectness, Sample{Query: c[0], Expected: c[1], Answer: c[2]})
		if passed := *got.Value >= enough; passed != want {
			t.Errorf("%q for %q, expected %q: %.2f, %s", c[2], c[0], c[1], *got.Value, got.Detail)
		}
	}
}

func TestASignIsPartOfANumber(t *testing.T) {
	passing(t, true,
		[3]string{"How cold?", "-5 degrees", "minus 5 degrees"},
		[3]string{"How cold?", "-5 degrees", "It is −5 degrees."},
		[3]string{"How cold?", "-5 degrees", "It is 5 degrees below zero."},
		[3]string{"How many?", "between 5 and 10", "5-10"},
		[3]string{"How many?", "between 5 and 10", "5 -10"},
		[3]string{"What is it?", "10 minus 5", "10 less 5"})
	passing(t, false,
		[3]string{"How cold?", "-5 degrees", "5 degrees"},
		[3]string{"How cold?", "5 degrees", "It is -5 degrees."},
		[3]string{"How cold?", "5 degrees", "It is (-5) degrees."},
		[3]string{"How cold?", "5 degrees", "-5"})
}

// TestASignStaysWithTheNumberThatSeveralWordsMake has scales, amounts and numbers
// in words, and what stands between a sign and the blank before it.
func TestASignStaysWithTheNumberThatSeveralWordsMake(t *testing.T) {
	passing(t, true,
		[3]string{"What was the result?", "-3.5 million", "It was −3,500,000."},
		[3]string{"What was the result?", "-3.5 million", "minus 3.5 million"},
		[3]string{"How cold?", "-25", "minus twenty-five"},
		[3]string{"How cold?", "-100", "minus one hundred"},
		[3]string{"How cold?", "-5 °C", "It is **-5 °C** there."},
		[3]string{"How cold?", "-5", "| Monday |-5|"},
		[3]string{"How cold?", "-5", "It is –5."},
		[3]string{"How many?", "between 5 and 10", "5–10"},
		[3]string{"How many?", "between 5 and 10", "5 –10"},
		[3]string{"How cold?", "-5", "It says \"-5\"."},
		[3]string{"What was the result?", "-$5 million", "$-5m"},
		[3]string{"What was the result?", "-€5", "−5 €"},
		[3]string{"How much?", "between $5 and $10", "$5-$10"},
		[3]string{"How much?", "between 5% and 10%", "5%-10%"},
		[3]string{"How high?", "between 5\" and 10\"", "5\"-10\""},
		[3]string{"How much?", "500,000", "0.5 million"})
	passing(t, false,
		[3]string{"What was the result?", "-3.5 million", "-7 million"},
		[3]string{"What was the result?", "-3.5 million", "3.5 million"},
		[3]string{"How cold?", "100", "minus one hundred"},
		[3]string{"What was the result?", "-$5 million", "$5 million"},
		[3]string{"What was the result?", "$5", "-$5"},
		[3]string{"What was the result?", "-$5", "-€5"},
		[3]string{"How much?", "1 million", "0.5 million"})
}

func TestNumbersOfAListAreNotOneNumber(t *testing.T) {
	passing(t, false,
		[3]string{"How many?", "15", "1,5"},
		[3]string{"How many?", "1250", "12,50"},
		[3]string{"How many?", "1,5", "15"},
		[3]string{"Which step?", "12", "1, 2, 3"},
		[3]string{"Which step?", "45", "4/5"})
	passing(t, true,
		[3]string{"What number?", "5551234", "555-1234"},
		[3]string{"How many?", "1000000", "1 000 000"},
		[3]string{"What was it?", "one-two", "the OneTwo punch"})
}

func TestGermanAmountsAndBillionsAreRead(t *testing.T) {
	passing(t, true,
		[3]string{"How much?", "€1,000.50", "1.000,50 €"},
		[3]string{"How much?", "1234567.5", "1.234.567,5"},
		[3]string{"How much?", "€1,500", "1.500 €"},
		[3]string{"How much?", "1500 euros", "It is EUR 1.500."},
		[3]string{"How much?", "€1.234 billion", "1,234,000,000 euros"},
		[3]string{"How much?", "$1.5 billion", "It was $1.5B."},
		[3]string{"How much?", "$2T", "2 trillion dollars"},
		[3]string{"Which plane?", "747B", "the 747B"})
	passing(t, false,
		[3]string{"How much?", "€1,000.50", "100,050 €"},
		[3]string{"How much?", "€1,000,000.50", "1.000.050 €"},
		[3]string{"How much?", "€1.50", "€1.500"},
		[3]string{"How much?", "$1.5 billion", "$1.5M"})
}

func TestTheDigitsOfAVersionAreNoFraction(t *testing.T) {
	passing(t, false,
		[3]string{"Which version of Python?", "3.10", "It is 3.1."},
		[3]string{"Which version of Python?", "Python 3.1", "Python 3.10"},
		[3]string{"What do we run?", "version 2.10", "v2.1"},
		[3]string{"What do we run?", "v2.10", "v2.1"})
	passing(t, true,
		[3]string{"Which version of Python?", "3.10", "It is v3.10."},
		[3]string{"Which version?", "version 2", "2.0"},
		[3]string{"What does it cost?", "2.10", "2.1"})
}

func TestASingleLetterMayBeARomanNumber(t *testing.T) {
	passing(t, true,
		[3]string{"Which chapter?", "Chapter V", "It is in chapter five."},
		[3]string{"Which volume?", "volume X", "Volume 10"},
		[3]string{"Which war?", "World War I", "the First World War"},
		[3]string{"Who was it?", "Elizabeth I", "Queen Elizabeth I was on the throne."},
		[3]string{"Who was it?", "Elizabeth I", "Queen Elizabeth the First"},
		[3]string{"Who ruled?", "George V", "King George V of England"})
	passing(t, false,
		[3]string{"Who was it?", "Elizabeth I", "Elizabeth II"},
		[3]string{"Who was it?", "Elizabeth II", "Elizabeth I"},
		[3]string{"Which chapter?", "Chapter V", "It is in chapter six."})
	// "I" is oneself where a sentence goes on with it.
	for _, s := range []string{"Yes I was there", "In Paris I think so", "Paris, I said", "then I of all people", "so it was I", "Well I'm here", "Suddenly I was late", "Then I, too, went"} {
		for _, w := range newReader().words(s) {
			if w.number {
				t.Errorf("%q has the number %s", s, w.key)
			}
		}
	}
}

func TestAmountsAreComparedInTheirCurrency(t *testing.T) {
	passing(t, true,
		[3]string{"How high?", "EUR 500", "It is €500."},
		[3]string{"How high?", "€500", "500 euros"},
		[3]string{"How high?", "500 €", "EUR 500"},
		[3]string{"How high?", "500 dollars", "It is $500, which is 450 euros."},
		[3]string{"How high?", "$500", "It is 500."},
		[3]string{"How high?", "$5 billion", "US$5bn"},
		[3]string{"How high?", "$10 million", "about $10m"},
		[3]string{"How high?", "£20,000", "£20k"},
		[3]string{"How high?", "5.50 €", "5,50 €"},
		[3]string{"How high?", "€5.50", "€5,50"})
	passing(t, false,
		[3]string{"How high?", "€500", "It is $500."},
		[3]string{"How high?", "500 dollars", "It is 500 euros."},
		[3]string{"How high?", "$500", "It is 500 pounds."},
		[3]string{"How long is it?", "10 million", "It is 10m long."},
		[3]string{"How is it paid?", "in euros", "by $5 each"},
		[3]string{"How high?", "$10 million", "$10"},
		[3]string{"How many?", "3.5 million", "3.5"},
		[3]string{"How many?", "twenty-five", "twenty"})
}

func TestNumbersDatesAndTimesHaveSeveralSpellings(t *testing.T) {
	for written, want := range map[string]string{
		"2½ cups":              "2.5 cups",
		"2 ¼":                  "2.25",
		"½ cup":                " 1/2 cup",
		"2 1/2 cups":           "2.5 cups",
		"two and a half":       "2.5",
		"2-and-a-half years":   "2.5 years",
		"1.000.000":            "1000000",
		"1.000":                "1.000", // one, or a thousand
		"1,50 €":               "1.50 €",
		"1,50":                 "1,50",
		"23.06.1991":           "23 June 1991",
		"6/23/1991":            "23 June 1991",
		"23/6/1991":            "23 June 1991",
		"06/07/1991":           "06/07/1991", // in June or in July
		"31.02.1991":           "31.02.1991",
		"7.30pm":               "7:30 pm",
		"19:30":                "7:30 pm",
		"07:30":                "07:30",
		"12:30":                "12:30",
		"24:30":                "24:30",
		"a fortnight's notice": "2 week's notice",
		"3 degrees below zero": "-3 degrees",
		"half":                 "half",
	} {
		if got := plain(written); got != want {
			t.Errorf("%q is %q, want %q", written, got, want)
		}
	}
}

func TestTheSameInAnotherUnitIsRight(t *testing.T) {
	passing(t, true,
		[3]string{"How long is the notice?", "two weeks", "14 days"},
		[3]string{"How long is the notice?", "14 days", "a fortnight"},
		[3]string{"How long is the notice?", "The notice is two weeks.", "You must give notice 14 days before."},
		[3]string{"How long?", "90 minutes", "It lasts one and a half hours."},
		[3]string{"How long?", "two years", "24 months"},
		[3]string{"How long?", "36 hours", "1.5 days"},
		[3]string{"When?", "the 1800s", "in the 19th century"},
		[3]string{"When?", "19th century", "in the 1800s"},
		[3]string{"When?", "10:30", "at 10.30"},
		[3]string{"What share?", "50%", "Half of them."},
		[3]string{"What share?", "half", "50 % of them"},
		[3]string{"What share?", "75 per cent", "three quarters"})
	passing(t, false,
		[3]string{"How long is the notice?", "two weeks", "two days"},
		[3]string{"How long is the notice?", "two weeks", "15 days"},
		[3]string{"How long is the notice?", "10 days", "one week"},
		[3]string{"When?", "19th century", "in the 1900s"},
		[3]string{"When?", "10:30", "at 10.40"},
		[3]string{"What share?", "40%", "Half of them."},
		// A share within a sentence stays a number, which is exact.
		[3]string{"What must I pay?", "You pay 50% of the fee at the start of the term.", "You pay 30% of the fee at the start of the term."},
		[3]string{"What must I pay?", "You pay 50 percent of the fee at the start of the term.", "You pay 30 percent of the fee at the start of the term."})
}

func TestOnlyMeasuresThatPeopleWriteAreOthers(t *testing.T) {
	for written, want := range map[string]string{
		"10 days": "240 hours", "14 days": "2 weeks,336 hours", "18 months": "1.5 years", "5 minutes": "300 seconds", "5 miles": "", "Paris": "",
		"in 1990": "", "0 weeks": "", "1 to 2 weeks": "1 to 14 days", strings.Repeat("long ", 50) + "2 weeks": "",
	} {
		if got := strings.Join(newReader().inOther(written), ","); got != want {
			t.Errorf("%q is also %q, want %q", written, got, want)
		}
	}
}

func TestAnAmountThatIsSaidOftenIsLookedForOnce(t *testing.T) {
	r := newReader()
	a := r.readAnswer("€5 €5 1.10", "Which version?", nil)
	dollars, version := r.words("$5")[0], r.words("1.1")[0]
	for range 2 {
		if !a.foreign(dollars) || !a.rounded(version) || !a.pays(r.words("euro")[0]) {
			t.Fatal("what was found is not known any more")
		}
		a.words, a.keys = nil, nil
	}
}

func TestALongAnswerBesideALongExpectedOneIsBounded(t *testing.T) {
	if got := len(Alternatives(strings.Repeat("a||", 10_000))); got != maxAlternatives {
		t.Errorf("%d alternatives", got)
	}
	r := newReader()
	a := r.readAnswer("The magistrate spoke of Gadaffi. "+strings.Repeat("word ", 1000), "", nil)
	misspelt, there := r.words("Gaddafi")[0], r.words("magistrate")[0]
	if _, how := a.locate(misspelt); how == 0 {
		t.Error("another spelling is not found")
	}
	for range maxSpellings / 1000 {
		a.locate(r.words("absentminded")[0])
	}
	if _, how := a.locate(misspelt); how != 0 {
		t.Error("spellings are compared without end")
	}
	if _, how := a.locate(there); how != 1 {
		t.Error("a word that is there is not found")
	}
}

func TestIrregularFormsAreReadAsTheirWords(t *testing.T) {
	r := newReader()
	for form, key := range irregular {
		if r.known(form).key != key || key == text.Stem(form) && form != "half" {
			t.Errorf("%q is read as %q, its word as %q", form, r.known(form).key, key)
		}
	}
	for form, word := range map[string]string{"mice": "mouse", "children": "child", "wrote": "write", "chosen": "choose", "wives": "wife", "forbidden": "forbid"} {
		if got, want := r.known(form).key, r.known(word).key; got != want {
			t.Errorf("%q is read as %q, %q as %q", form, got, word, want)
		}
	}
	passing(t, true, [3]string{"What?", "He bought mice.", "He buys a mouse."}, [3]string{"What?", "TV", "a television"}, [3]string{"What?", "CO2", "It is carbon dioxide."},
		[3]string{"Which version?", "v2.1", "version 2.1"}, [3]string{"Who was it?", "Martin Luther King Jr.", "MLK"})
	passing(t, false, [3]string{"Who was it?", "George H. W. Bush", "George W. Bush"})
}
