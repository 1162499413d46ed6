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
		{"Which country?", "United States of America", "the USA", false}, // of America is missing
		{"Which country?", "United States", "the USA", true},
		{"What?", "one-two", "the OneTwo punch", true},
		{"Which planet?", "Mercury (planet)", "It is Mercury.", true},

		// Several expected answers.
		{"Which party?", "Labour || Labour Party", "The Labour Party.", true},
		{"Which band?", "Genesis||Yes", "Pink Floyd", false},

		// No, not, and nothing.
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
