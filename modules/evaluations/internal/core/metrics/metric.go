package metrics

import (
	"context"
	"encoding/json"
	"strings"
)

// Sample is one answered question.
type Sample struct {
	Query string
	// Expected may hold several answers of which any is right, separated by
	// Separator.
	Expected string
	Answer   string
	// Contexts are the passages that the answer was made from, in any order.
	Contexts []string
	// Documents are where they are from, and ExpectedDocuments the ids or names
	// of those that they should be from.
	Documents         []Document
	ExpectedDocuments []string
}

// Score is what a metric says of a sample. A nil Value means that the metric
// does not apply, for the Reason.
type Score struct {
	Value  *float64 // from 0 to 1, higher is better
	Reason string
	Detail json.RawMessage // what the value was made from; nil when there is nothing to tell
}

// Metric is a named way to score. A result keeps the version of the metric
// with its value; values of different versions must not be compared.
type Metric struct {
	Name    string
	Version int
	// Threshold is the value from which a person is expected to agree that an
	// answer is good; the gate's default for this metric.
	Threshold float64
	// Score may be called from several goroutines. Its error is the context's:
	// what a sample lacks is told by a score without a value.
	Score func(context.Context, Sample) (Score, error)
}

// The names of the metrics.
const (
	AnswerCorrectness = "answer_correctness"
	AnswerSimilarity  = "answer_similarity"
	AnswerRelevance   = "answer_relevance"
	Faithfulness      = "faithfulness"
	ContextRecall     = "context_recall"
	BLEU              = "bleu"
	TokenF1           = "token_f1"
	ExactMatch        = "exact_match"
	DocumentRecall    = "document_recall"
	DocumentPrecision = "document_precision"
	JudgeName         = "judge"
)

// Separator stands between expected answers of which any is right. It is no
// slash, because dates, fractions and names have slashes.
const Separator = "||"

// Alternatives gives the expected answers of which any is right, at most
// maxAlternatives.
func Alternatives(expected string) []string {
	var out []string
	for a := range strings.SplitSeq(expected, Separator) {
		if a = strings.TrimSpace(a); a != "" {
			out = append(out, a)
		}
		if len(out) == maxAlternatives {
			break
		}
	}
	return out
}

const maxAlternatives = 200

// Offline lists the metrics that need no model.
func Offline() []Metric {
	r := newReader()
	return []Metric{
		{Name: AnswerCorrectness, Version: 5, Threshold: enough, Score: r.correctness},
		{Name: AnswerSimilarity, Version: 2, Threshold: 0.5, Score: expecting(r.similarity)},
		{Name: AnswerRelevance, Version: 3, Threshold: 0.3, Score: r.relevance},
		{Name: Faithfulness, Version: 5, Threshold: supported, Score: r.faithfulness},
		{Name: ContextRecall, Version: 5, Threshold: 0.5, Score: r.contextRecall},
		{Name: DocumentRecall, Version: 1, Threshold: 1, Score: documentRecall},
		{Name: DocumentPrecision, Version: 1, Threshold: 0.5, Score: documentPrecision},
		{Name: BLEU, Version: 1, Threshold: 0.3, Score: expecting(sentenceBLEU)},
		{Name: TokenF1, Version: 1, Threshold: 0.5, Score: expecting(tokenF1)},
		{Name: ExactMatch, Version: 1, Threshold: 1, Score: expecting(exactMatch)},
	}
}

// Default lists the metrics of a test that names none.
func Default() []string {
	return []string{AnswerCorrectness, AnswerSimilarity, AnswerRelevance, Faithfulness, ContextRecall, DocumentRecall, DocumentPrecision}
}

// The reasons for which a metric does not apply.
const (
	noExpected = "there is no expected answer"
	noContexts = "the answer was made from no passages"
)

// expecting is a metric that compares an answer with the expected ones: the
// best of them counts.
func expecting(compare func(answer string, expected []string) float64) func(context.Context, Sample) (Score, error) {
	return func(ctx context.Context, s Sample) (Score, error) {
		if err := ctx.Err(); err != nil {
			return Score{}, err
		}
		expected := Alternatives(s.Expected)
		if len(expected) == 0 {
			return none(noExpected), nil
		}
		return value(compare(s.Answer, expected)), nil
	}
}

func value(v float64) Score { return Score{Value: &v} }

func none(reason string) Score { return Score{Reason: reason} }

const (
	maxListed = 20  // words or statements that a detail lists
	maxQuoted = 200 // bytes of a text that it repeats
)

// detail tells what a value was made from.
func detail(of any) json.RawMessage {
	out, err := json.Marshal(of)
	if err != nil {
		return nil // of plain structs of texts and numbers
	}
	return out
}

// clip shortens a text for a detail.
func clip(s string) string {
	if len(s) <= maxQuoted {
		return s
	}
	return strings.ToValidUTF8(s[:maxQuoted], "") + "…"
}
