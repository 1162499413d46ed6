package metrics

import (
	"context"
	"math"
	"strings"
	"testing"
)

// The values are those of sacrebleu's own tests (test/test_bleu.py).
func TestBLEUHasTheReferenceValuesOfSacrebleu(t *testing.T) {
	answers := []string{"The dog bit the man.", "It wasn't surprising.", "The man had just bitten him."}
	references := [][]string{
		{"The dog bit the man.", "The dog had bit the man."},
		{"It was not unexpected.", "No one was surprised."},
		{"The man bit him first.", "The man had bitten the dog."},
	}
	for _, c := range []struct {
		name     string
		tokenize func(string) []string
		want     float64
	}{
		{"13a", tokenize13a, 48.530827},
		{"none", strings.Fields, 49.1919566},
		{"intl", tokenizeIntl, 43.91623493},
	} {
		var sum bleuStats
		for i, a := range answers {
			var tokens [][]string
			for _, r := range references[i] {
				tokens = append(tokens, c.tokenize(r))
			}
			sum.add(countBLEU(c.tokenize(a), tokens))
		}
		if got := 100 * sum.score(false); math.Abs(got-c.want) > 1e-6 {
			t.Errorf("%s: %.8f, sacrebleu has %.8f", c.name, got, c.want)
		}
	}
}

func TestBLEUOfOneSentenceLeavesOutOrdersItIsTooShortFor(t *testing.T) {
	for _, c := range []struct {
		answer   string
		expected []string
		want     float64
	}{
		{"test", []string{"a test"}, 0.3678794},
		{"this is a test", []string{"this is a test"}, 1},
		{"this is a fest", []string{"this is a test"}, 0.5946036},
		{"nothing alike", []string{"this is a test"}, 0},
		{"", []string{"this is a test"}, 0},
		{"a test", []string{"something else", "a test"}, 1},
	} {
		if got := sentenceBLEU(c.answer, c.expected); math.Abs(got-c.want) > 1e-6 {
			t.Errorf("%q against %q: %.7f, want %.7f", c.answer, c.expected, got, c.want)
		}
	}
}

func scoreOf(t testing.TB, name string, s Sample) Score {
	t.Helper()
	for _, m := range Offline() {
		if m.Name == name {
			got, err := m.Score(context.Background(), s)
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
	}
	t.Fatalf("there is no metric %s", name)
	return Score{}
}
