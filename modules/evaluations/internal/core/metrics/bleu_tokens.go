package metrics

import (
	"regexp"
	"strings"
)

// A step rewrites a text on its way to tokens, as a substitution of sacrebleu
// does.
type step struct {
	pattern *regexp.Regexp
	with    string
}

var (
	// sacrebleu replaces one entity after the other, so "&amp;lt;" is "<".
	entities = strings.NewReplacer("&quot;", `"`, "&amp;", "&")
	brackets = strings.NewReplacer("&lt;", "<", "&gt;", ">")
	lineEnds = strings.NewReplacer("<skipped>", "", "-\n", "", "\n", " ")

	// mteval-v13a: punctuation and symbols of ASCII are tokens; a period or
	// comma is one unless it stands between digits.
	steps13a = []step{
		{regexp.MustCompile("([{-~\\[-` -&(-+:-@/])"), " $1 "}, //nolint:gocritic // the ranges are those of mteval
		{regexp.MustCompile(`([^0-9])([.,])`), "$1 $2 "},
		{regexp.MustCompile(`([.,])([^0-9])`), " $1 $2"},
		{regexp.MustCompile(`([0-9])(-)`), "$1 $2 "},
	}

	// mteval-v14: the same for the punctuation and symbols of all scripts.
	stepsIntl = []step{
		{regexp.MustCompile(`(\PN)(\pP)`), "$1 $2 "},
		{regexp.MustCompile(`(\pP)(\PN)`), " $1 $2"},
		{regexp.MustCompile(`(\pS)`), " $1 "},
	}
)

func rewrite(s string, steps []step) []string {
	for _, st := range steps {
		s = st.pattern.ReplaceAllString(s, st.with)
	}
	return strings.Fields(s)
}

// tokenize13a splits as mteval-v13a.pl of the WMT campaigns.
func tokenize13a(s string) []string {
	s = lineEnds.Replace(strings.TrimRight(s, " \t\r\n"))
	return rewrite(" "+brackets.Replace(entities.Replace(s))+" ", steps13a)
}

// tokenizeIntl splits as mteval-v14.pl --international-tokenization.
func tokenizeIntl(s string) []string { return rewrite(strings.TrimRight(s, " \t\r\n"), stepsIntl) }
