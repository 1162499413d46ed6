package metrics

import "context"

// Asker asks a language model. The caller of an evaluation gives one that
// meters what it asks, as every model call of the house is.
type Asker interface {
	// Ask answers what the model says to a system and a user message at
	// temperature 0. Its error is a sentence that may be shown.
	Ask(ctx context.Context, system, user string) (string, error)
}

// Judge lists the metrics that ask a model.
func Judge(asker Asker) []Metric {
	return []Metric{{Name: JudgeName, Version: 1, Threshold: 0.75, Score: (&judge{asker: asker}).score}}
}

type judge struct{ asker Asker }

func (j *judge) score(context.Context, Sample) (Score, error) {
	return none("the judge is not there yet"), nil
}
