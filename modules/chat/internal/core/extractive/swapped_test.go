package extractive

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// BenchmarkSwapped measures no time. It makes close misses of judged questions:
// one word that names a thing, or a number, becomes that of another question.
// FILE.swapped.tsv is a questions.tsv for BenchmarkJudged.
func BenchmarkSwapped(b *testing.B) {
	if *judgedFile == "" {
		b.Skip("-judged names no file of questions to make close misses of")
	}
	const seed, tries = 5, 3000
	random := rand.New(rand.NewPCG(seed, seed)) //nolint:gosec // no secret
	type thing struct {
		written         string
		role            role
		upper, isNumber bool
	}
	things := func(j judged) (out []thing) {
		for _, t := range newQuestion(j.Request).terms {
			if first, _ := utf8.DecodeRuneInString(t.written); t.role != unsaid && t.heavy || t.number {
				out = append(out, thing{t.written, t.role, unicode.IsUpper(first), t.number})
			}
		}
		return out
	}
	for _, file := range strings.Split(*judgedFile, ",") {
		all := readJudged(b, file)
		var others []thing
		for _, j := range all {
			others = append(others, things(j)...)
		}
		var out strings.Builder
		for _, j := range all {
			own := things(j)
			if len(j.Want) == 0 || len(own) == 0 {
				continue
			}
			was := own[random.IntN(len(own))]
			for range tries {
				is := others[random.IntN(len(others))]
				if is.upper == was.upper && is.isNumber == was.isNumber && (is.role == was.role || was.isNumber) &&
					!strings.Contains(strings.ToLower(j.Question), strings.ToLower(is.written)) {
					fmt.Fprintf(&out, "%s\tREFUSE\n", strings.Replace(j.Question, was.written, is.written, 1))
					break
				}
			}
		}
		if err := os.WriteFile(file+".swapped.tsv", []byte(out.String()), 0o600); err != nil {
			b.Fatal(err)
		}
	}
}
