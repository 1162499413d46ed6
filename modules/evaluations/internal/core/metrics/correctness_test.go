package metrics

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestAnswersAreCorrectByTheWordsThatMatter(t *testing.T) {
	for _, c := range []struct {
		query, expected, answer string
		correct                 bool
	}{
		// Whole sentences.
		{"What is the capital of France?", "Paris", "The capital of France is Paris.", true},
		{"What is the capital of France?", "Paris", "The capital of France is Lyon.", false},
		{"How long do I have to return goods?", "You can return goods within 14 days of delivery.", "Returns are possible within 14 days after the delivery.", true},
		{"Who wrote Hamlet?", "William Shakespeare", "It was written by Shakespeare.", true},
		{"Who wrote Hamlet?", "William Shakespeare", "It was written by Christopher Marlowe.", false},

		// Numbers are exact, however they are written.
		{"How long do I have to return goods?", "You can return goods within 14 days of delivery.", "You can return goods within 30 days of delivery.", false},
		{"How many?", "25", "There are twenty-five of them.", true},
		{"How many?", "3.5 million", "About 3,500,000 people.", true},
		{"How many?", "1,200", "1200", true},
		{"When?", "14 December 1972", "It was on December 14, 1972.", true},
		{"When?", "14 December 1972", "It was on December 15, 1972.", false},
		{"Which of them?", "the 3rd", "It is the third.", true},
		{"When?", "Sunday, November 5, 2017", "On 5 November 2017.", true},
		{"When?", "Sunday", "On Monday.", false},
		{"When does it open?", "10:00 a.m.", "At 10 am.", true},
		{"When does it open?", "10:30 a.m.", "At 10 am.", false},
		{"When?", "late 1980s", "In the late 80s.", true},
		{"When?", "between 1939 and 1945", "From 1939 until 1945.", true},
		{"How many?", "over 100 million", "More than 100 million.", true},
		{"How old?", "2.45\u00a0billion years", "About 2.45 billion years.", true},
		{"How much?", "two-thirds", "It takes 2/3 of the votes.", true},
		{"How many sources?", "1", "There are none [1].", false},

		// Names, and how they are spelt.
		{"Who is it?", "Muammar Gaddafi", "Muammar Gadaffi", true},
		{"Who is it?", "Hugh S. Johnson", "Hugh Samuel Johnson", true},
		{"Who is it?", "Bhimrao Ramji Ambedkar", "Dr. B.R. Ambedkar", true},
		{"Who votes?", "state legislatures", "the State Legislative Assemblies", true},
		{"Who is it?", "Taylor Michel Momsen", "It was Taylor Momsen.", true},
		{"Who is it?", "George Bush", "Jeb Bush", false},
		{"Where?", "São Paulo", "In Sao Paulo.", true},
		{"Where is it?", "North Korea", "In South Korea.", false},
		{"Where do they play?", "FedExField in Landover, Maryland", "They play at FedExField.", true},
		{"Where do they play?", "FedExField in Landover, Maryland", "They play in Baltimore, Maryland.", false},
		{"Where does she live?", "Landover, Maryland", "She lives in Landover.", true},
		{"Which country?", "United States of America", "the USA", true},
		{"Which country?", "United States", "It was made in America.", true},
		{"Which continent?", "South America", "It is in America.", false},
		{"Who enforces it?", "Federal Bureau of Investigation", "The FBI does.", true},
		{"Who enforces it?", "Federal Bureau of Investigation", "The FDA does.", false},
		{"Who enforces it?", "FDA", "The Food and Drug Administration does.", true},
		{"Who enforces it?", "FDA", "The Federal Bureau of Investigation does.", false},
		{"What is not a meaning of PDF?", "Platform Divers Float", "PDF stands for Portable Document Format.", false},
		{"In which war?", "World War II", "During WWII.", true},
		{"In which war?", "World War II", "During WWI.", false},
		{"Which country?", "United States", "the USA", true},
		{"What?", "one-two", "the OneTwo punch", true},
		{"Which planet?", "Mercury (planet)", "It is Mercury.", true},

		// A place and the larger one.
		{"Where is the game played?", "Camping World Stadium in Orlando", "In Orlando, Florida.", true},
		{"Where is the game played?", "Camping World Stadium in Orlando", "In Miami, Florida.", false},

		// The unit that was asked for, dates and decades.
		{"How much is it?", "20 million dollars", "It is $20 million.", true},
		{"How many of them?", "20 percent", "About 20% of them.", true},
		{"How many of them?", "20 percent", "About 25 percent of them.", false},
		{"When?", "2017-09-22", "On September 22, 2017.", true},
		{"When?", "2017-09-22", "On October 22, 2017.", false},
		{"When?", "in the 1960s", "During the sixties.", true},

		// British and American.
		{"What is it?", "an organisation of labour unions", "an organization of labor unions", true},

		// Most of several words, the rest in other words.
		{"When is the fee due?", "before the first term begins", "during the first term", true},
		{"When is the fee due?", "before the first term begins", "during the second term", false},

		// Several expected answers.
		{"Which of them?", "tea or coffee", "It is coffee.", true},
		{"Which party?", "Labour || Labour Party", "The Labour Party.", true},
		{"Which band?", "Genesis||Yes", "Pink Floyd", false},

		// No, not, and nothing.
		{"Is it allowed?", "No", "It is not allowed.", true},
		{"Is it allowed?", "No", "It is allowed.", false},
		{"Is it allowed?", "Yes", "It certainly is.", true},
		{"Is it allowed?", "Yes", "No, that is forbidden.", false},
		{"Which word ends it?", "yes", "It ends with a bow.", false},
		{"How many countries border it?", "none", "No countries border it.", true},
		{"How many countries border it?", "none", "Three countries border it.", false},
		{"What is the capital of Australia?", "Canberra", "It is Sydney, not Canberra.", false},
		{"What is the capital of Australia?", "Canberra", "Not Sydney but Canberra.", true},
		{"May I carry over leave?", "No, leave cannot be carried over to the next year.", "Yes, leave can be carried over to the next year.", false},
		{"Which herb is it?", "Thrift", "I'm sorry, I could not find anything about Thrift on the coin.", false},
		{"Which herb is it?", "Thrift", "", false},
		{"What is the price on Mars?", "I could not find an answer to this in the documents.", "I don't know.", true},
		{"What is the price on Mars?", "I could not find an answer to this in the documents.", "It costs 20 dollars.", false},

		// Words of the question prove nothing.
		{"What is the boiling point of water?", "The boiling point of water is 100 degrees.", "The boiling point of water is high.", false},

		// Other scripts.
		{"首都はどこですか", "東京", "日本の首都は東京です。", true},
		{"Где?", "Москва", "В городе Москва.", true},
		{"Wo?", "Straße des 17. Juni", "Strasse des 17. Juni", true},
	} {
		got := scoreOf(t, AnswerCorrectness, Sample{Query: c.query, Expected: c.expected, Answer: c.answer})
		if correct := *got.Value >= enough; correct != c.correct {
			t.Errorf("%q for %q, expected %q: %.2f, %s", c.answer, c.query, c.expected, *got.Value, got.Detail)
		}
	}
}

func TestWhatASayingImpliesNeedsNoWord(t *testing.T) {
	for _, c := range []struct {
		query, expected, answer string
		want                    bool
	}{
		{"Is it?", "yes", "It is.", true}, {"Is it?", "no", "It isn't.", true}, {"Is it?", "yes", "It isn't.", false},
		{"Why?", "yes", "It is.", false}, {"Is it?", "yes, twice", "It is.", false}, {"Is it?", "yes", "", false},
	} {
		r := newReader()
		a := r.readAnswer(c.answer, c.query, nil)
		if got := a.implies(r.words(c.expected)); got != c.want {
			t.Errorf("%q for %q, expected %q: %v", c.answer, c.query, c.expected, got)
		}
	}
}

func TestTheDetailOfCorrectnessNamesWhatIsMissing(t *testing.T) {
	got := scoreOf(t, AnswerCorrectness, Sample{Query: "How long?", Expected: "up to 14 days after delivery", Answer: "Some days after delivery."})
	var d struct{ Missing []string }
	if err := json.Unmarshal(got.Detail, &d); err != nil || strings.Join(d.Missing, " ") != "14" {
		t.Errorf("%s, %v", got.Detail, err)
	}
}

func TestNumbersAreReadFromDigitsAndWords(t *testing.T) {
	for text, want := range map[string]string{
		"twenty-five":              "25",
		"one hundred and five":     "105",
		"two thousand three":       "2003",
		"3 million":                "3000000",
		"1.50":                     "1.5",
		"007":                      "7",
		"0":                        "0",
		"2nd":                      "2",
		"1990s":                    "1990",
		"five ten":                 "5 10",
		"5 20":                     "5 20",
		"nineteen eighty-four":     "19 84",
		"Louis XIV":                "loui 14",
		"a hundred":                "a 100",
		"747b":                     "747b",
		"one thousand two hundred": "1200",
	} {
		var keys []string
		for _, w := range newReader().words(text) {
			keys = append(keys, w.key)
		}
		if got := strings.Join(keys, " "); got != want {
			t.Errorf("%q is read as %q, want %q", text, got, want)
		}
	}
}
