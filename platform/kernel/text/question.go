package text

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Answer is the kind of answer that a question asks for.
type Answer uint8

// The kinds of answer. Anything is what most questions ask for.
const (
	Anything Answer = iota
	Time            // when, what year, since when
	Name            // who, whose
	Number          // how many, how long, what percentage
	Place           // where, which country
	Meaning         // what is X, define X
)

// String is for explanations.
func (a Answer) String() string {
	return [...]string{"anything", "a time", "a name", "a number", "a place", "a definition"}[a]
}

// What may stand before the question word of a question about time, name or
// place; further inside, "when" and "who" begin a clause.
const opening = `^\W*((and|so|but|or|by|from|to|for|since|until|with|of|then|ok|also)\W+|((please|can you|could you|do you) )*(tell me|know|show me) )*`

var asks = []struct {
	kind    Answer
	pattern *regexp.Regexp
}{
	{Number, regexp.MustCompile(`\bhow (many|much|long|old|tall|high|deep|far|fast|big|large|heavy|wide|often|soon|quickly)\b`)},
	{
		Number,
		regexp.MustCompile(
			`\b(what|which) (is the |was the |are the |were the )?((\w+) )?(number|amount|percentage|percent|size|length|height|population|price|cost|limit|port|temperature|distance|age|rate|score|total|maximum|minimum|default value)\b`,
		),
	},
	{Time, regexp.MustCompile(opening + `when\b|\b((what|which) (year|date|day|month|time|century|decade)|how recently)\b`)},
	{
		Name,
		regexp.MustCompile(
			opening + `(who|whom|whose)\b|\b((what|which) (person|people|man|woman|author|president|king|queen|actor|scientist|company|organi[sz]ation|team)|what (is|was) the name)\b`,
		),
	},
	{
		Place,
		regexp.MustCompile(
			opening + `where\b|\b((what|which) (country|city|town|state|place|location|region|continent|directory|folder|file|river|county|island))\b`,
		),
	},
	{
		Meaning,
		regexp.MustCompile(
			`^\W*((what|who) (is|are|was|were|does) (an? |the )?[\w-]+( [\w-]+)?( mean| stand for)?\W*$|define\b|(what is |explain )?(the )?meaning of\b)`,
		),
	},
}

// Asks tells what kind of answer an English question asks for.
func Asks(question string) Answer {
	q := strings.ToLower(strings.TrimSpace(question))
	if len(q) > 300 {
		q = q[len(q)-300:]
	}
	best, at := Anything, len(q)
	for _, a := range asks {
		if loc := a.pattern.FindStringIndex(q); loc != nil && loc[0] < at {
			best, at = a.kind, loc[0]
		}
	}
	return best
}

var (
	timeWords = regexp.MustCompile(`(?i)\b(1[0-9]{3}|20[0-9]{2})s?\b|\b\d{1,2}(:\d{2}|\s?(am|pm|a\.m\.|p\.m\.))|\b\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b|` +
		`\b(january|february|march|april|june|july|august|september|october|november|december|jan|feb|sept?|oct|nov|dec)\b\.?|` +
		`\b(monday|tuesday|wednesday|thursday|friday|saturday|sunday|midnight|noon|yesterday|today|tomorrow|century|` +
		`daily|weekly|monthly|yearly|annually|hourly|nightly)\b|` +
		`\b(every|after|within|before|until|for|last|next) (\w+ )?(seconds?|minutes?|hours?|days?|weeks?|months?|years?)\b`)
	numberWords = regexp.MustCompile(`(?i)\d|\b(zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|` +
		`thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|` +
		`hundreds?|thousands?|millions?|billions?|dozens?|half|twice|once|quarter|third|no limit|unlimited)\b`)
	placeWords = regexp.MustCompile(`\b(in|at|near|from|to|of|on|into|under|inside|beside|around|within|across|throughout) (the )?(\p{Lu}|\x60|/|\./)|` +
		`(?i:\b(north|south|east|west|north-?east|north-?west|south-?east|south-?west)(ern)? of\b|\b(directory|folder|file|table|city|country|located|stored|lies|street)\b)|[\w.]*/[\w./-]+`)
	meaningWords = regexp.MustCompile(
		`(?i)\b(is|are|was|were) (an?|the|one of|any|called|known)\b|\b(means?|stands for|refers to|is defined as|denotes|describes)\b`,
	)
)

// Holds reports whether a sentence contains the kind of answer asked for.
// Every sentence contains Anything.
func Holds(kind Answer, sentence string) bool {
	switch kind {
	case Time:
		return timeWords.MatchString(sentence)
	case Number:
		return numberWords.MatchString(sentence)
	case Place:
		return placeWords.MatchString(sentence)
	case Name:
		return holdsName(sentence)
	case Meaning:
		return meaningWords.MatchString(sentence)
	}
	return true
}

// holdsName looks for a capitalised word after the first, which is always one.
func holdsName(sentence string) bool {
	first := true
	for w := range Words(sentence) {
		r, _ := utf8.DecodeRuneInString(sentence[w.Start:])
		if !first && unicode.IsUpper(r) && w.End-w.Start > 1 {
			return true
		}
		first = false
	}
	return false
}
