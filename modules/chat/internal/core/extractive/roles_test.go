package extractive

import (
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTheRolesOfAQuestionsWords(t *testing.T) {
	for question, want := range map[string]map[string]role{
		"How many days of sick leave do I get?":        {"days": thing, "sick": modifier, "leave": attached},
		"Which colour is the badge of a trainee?":      {"badge": thing, "trainee": attached},
		"What does a lost key cost?":                   {"lost": modifier, "key": thing},
		"Where do suppliers park?":                     {"suppliers": thing},
		"How much does the company pay for a monitor?": {"company": thing, "monitor": attached},
		"How long are messages retained by default?":   {"messages": thing, "default": attached},
		"Who hands out the cards?":                     {"cards": thing},
	} {
		got := roles(question)
		maps.DeleteFunc(got, func(_ string, r role) bool { return r == unsaid })
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", question, diff)
		}
	}
}

func TestAnotherThingOfTheSameSortIsNoAnswer(t *testing.T) {
	for question, found := range map[string]bool{
		"How many days of paid leave do I get?":              true,
		"How many days of sick leave do I get?":              false,
		"Which colour is the badge of a contractor?":         true,
		"Which colour is the badge of a trainee?":            false,
		"How much is the fee for the car park?":              true,
		"How much is the fee for the swimming pool?":         false,
		"What is the price of parking for visitors per day?": true,
	} {
		a := over(question,
			"Handbook › Leave\nEverybody gets 27 days of paid leave a year. Ask your team lead two weeks before.",
			"Handbook › Badges\nBadges are orange for contractors and teal for staff.",
			"Handbook › Parking\nThe car park behind the office has 80 places. Parking costs visitors a fee of 4 euros a day.",
			"Handbook › Canteen\nThe canteen is open to all and serves lunch at noon.")
		if a.Found != found {
			t.Errorf("%q: %s", question, a.Text)
		}
	}
}

func TestWhatIsMissingIsWhatAnAnswerMustHave(t *testing.T) {
	a := over("Which colour is the badge of a volunteer at most?", "Handbook › Badges\nBadges are orange for contractors and teal for staff.", "Handbook › Leave\nEverybody gets 27 days of leave a year.")
	if a.Found || !strings.HasSuffix(a.Text, "does not mention “volunteer”.") {
		t.Error(a.Text)
	}
}

func TestAnAmountIsMissing(t *testing.T) {
	for question, sentences := range map[string]map[string]bool{
		"What does a new boat cost?":     {"The club owns twelve boats.": true, "A boat is 900 dollars.": false, "Item: Boat | Price: 900": false},
		"How many boats are there?":      {"The club owns twelve boats.": false, "The club owns boats.": true},
		"How much is a card?":            {"Cards are free for members.": false, "Cards are valid for two years.": true},
		"Was kostet eine Karte?":         {"Karten kosten 3 Euro.": false, "Karten gelten zwei Jahre.": true},
		"Who hands out the cards?":       {"Cards are issued by Mrs. Havel.": false},
		"What is the rent for the hall?": {"The hall can be hired for weddings.": true},
	} {
		q := newQuestion(Request{Question: question, Searched: 1})
		for s, want := range sentences {
			if q.lacksAmount(s) != want {
				t.Errorf("%q under %q: lacking is not %v", question, s, want)
			}
		}
	}
}
