package tally

import (
	"time"

	"parley/modules/analytics/internal/core"
	"parley/modules/analytics/internal/core/sum"
	"parley/platform/kernel/money"
)

// Quarters adds facts up by quarter of an hour.
type Quarters struct{ rows []core.Quarter }

// Add adds facts, which come in order of quarter.
func (q *Quarters) Add(facts []core.Fact) {
	for i := range facts {
		f := &facts[i]
		if f.Runs == 0 && f.PromptTokens == 0 && f.CompletionTokens == 0 && f.Cost == (money.Amount{}) {
			continue
		}
		begin := time.Unix(core.QuarterOf(f.OccurredOn)*15*60, 0).UTC()
		if n := len(q.rows); n == 0 || !q.rows[n-1].Begin.Equal(begin) {
			q.rows = append(q.rows, core.Quarter{Begin: begin})
		}
		row := &q.rows[len(q.rows)-1]
		row.Runs = sum.Add(row.Runs, f.Runs)
		row.PromptTokens = sum.Add(row.PromptTokens, f.PromptTokens)
		row.CompletionTokens = sum.Add(row.CompletionTokens, f.CompletionTokens)
		row.Cost = sum.Plus(row.Cost, f.Cost)
	}
}

// Rows are the quarters.
func (q *Quarters) Rows() []core.Quarter { return q.rows }
