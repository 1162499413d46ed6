package extractive

import (
	"regexp"

	"parley/platform/kernel/text"
)

var (
	// Questions that ask for an amount, beside those that text.Asks knows.
	amounts = regexp.MustCompile(
		`(?i)^\W*what (do|does|did|will|would) .*\b(cost|pay)\b|\bhow expensive\b|\bwas kost(et|en)\b|\bwie (viele?|teuer|hoch|lange?|oft|groß|schwer|weit)\b`,
	)
	// Those of them that ask for money, and what names an amount of it.
	money = regexp.MustCompile(
		`(?i)\bhow (much|expensive)\b.*\b(costs?|pay|paid|price|charged?|spend|spent|reimbursed?)\b|^\W*how much (is|are) (an?|the|one)\b|` +
			`\bwhat\b.*\b(costs?|price|fee|rent|salary|deposit)\b|\bwas kost(et|en)\b|\bwie teuer\b`,
	)
	currency = regexp.MustCompile(
		`(?i)[$€£¥₹]|(\b|\d)(euros?|eur|dollars?|usd|cents?|pounds?|gbp|pence|francs?|franken|chf|crowns?|kronor|kroner|yen|rupees?|pesos?|lira|marks?|million|billion|thousand)\b|\b(free|gratis|kostenlos)\b`,
	)
	priced = regexp.MustCompile(
		`(?i)\d.*\b(costs?|prices?|fees?|pay|pays|paid|charged?|rates?|kosten|kostet|preis)\b|\b(costs?|prices?|fees?|pay|pays|paid|charged?|rates?|kosten|kostet|preis)\b.*\d`,
	)

	// Words that an amount may well do without.
	worths = set("cost costs price expensive pay paid kostet kosten preis teuer hoch lange viel viele oft gross schwer weit")
)

// lacksAmount reports that a question asks for a number or for money, and a
// stretch of text has none.
func (q *question) lacksAmount(s string) bool {
	if q.money {
		return !currency.MatchString(s) && !priced.MatchString(s)
	}
	return q.kind == text.Number && !text.Holds(text.Number, s)
}
