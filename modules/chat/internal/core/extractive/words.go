package extractive

import (
	"strings"
	"unicode"

	"parley/platform/kernel/text"
)

func set(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}

// Words after "how" that name the kind of the answer.
var measures = set("long often old far big large tall high deep fast soon wide heavy quickly")

// Words that name the kind of the answer: "in what year", "the maximum size".
var kindWords = map[text.Answer]map[string]bool{
	text.Number: set("number amount maximum minimum percentage percent total value size length height distance rate"),
	text.Time:   set("year date day month time century decade"),
	text.Name:   set("person people man woman name company team author"),
	text.Place:  set("country city town state place location region directory folder"),
}

// Words so common in questions that a text which answers may well do without
// them. In a small collection they are rare, and would weigh too much.
var common = set(`able ability add allow also always another anything around ask available bad become begin best
	better big both bring call called case cause certain change come common concerning consider contain correct
	create current currently different difference during each easy else end even ever every example explain fact
	far few find first follow following found further general generally get getting give given go going good got
	great happen happened happening happens help hold idea important include instead involve just keep keep kind
	kinds know known large last less let like likely list little long look made main mainly make makes making
	mean means meant mention mentioned more most much need needed needs never new next now number often old one
	only other others over own part particular people place point possible problem provide purpose put question
	quite rather reason regarding related right role said same say says see seem set several show since small
	some something sort specific still supposed sure take takes taken talk tell than thing things think time
	today together too true try two type types under understand up use used user's uses using usually various
	very want way ways well went without wonder word words work works would yet out off down back again really from about between through
	against during because`)

// The same in German, together with words of grammar, which are no stop words of
// the index. Some of them mean something in English.
var germanCommon = set(`aber als am an auch auf aus bei beim bekommen bekommt bis da damit dann das dass dem den denn der des
	die dies diese dieser dieses durch ein eine einem einen einer eines er es findet für fur gegen gibt haben hat ich ihr ihre
	im in ist kann können konnen man mein meine mit muss müssen mussen nach nicht noch nur ob oder ohne sein sich sie sind
	soll sollen statt über uber um und uns unser unter vom von vor war waren was welche welchem welchen welcher welches wem
	wen wenn wer werden wie viel viele wieviel wird wir wo wurde wurden zu zum zur`)

// Verbs that end the noun after "which".
var auxiliary = set(`is are was were be been am do does did has have had can could will would shall should may might must`)

// particle reports characters that make Chinese and Japanese words of grammar.
func particle(r rune) bool {
	return unicode.Is(unicode.Hiragana, r) || strings.ContainsRune("的是了吗呢什么多少几哪谁怎何嗎麼誰幾在和有", r)
}

// Words that point back to the sentence before.
var pointing = set("it its they their this these those he she his her such that both otherwise then")
