package sqlstore_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"parley/modules/chat"
	"parley/modules/chat/internal/adapters/sqlstore"
	"parley/modules/chat/internal/core"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/uow"
	"parley/platform/migrate"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

// BenchmarkBatch stores questions, each in a thread of its own, and the ends of
// those before, four and four in a commit. An end has as long texts as an answer
// from a corpus has.
//
//	go test ./modules/chat/internal/adapters/sqlstore -run '^$' -bench Batch -benchtime 2000x
func BenchmarkBatch(b *testing.B) {
	dbtest.EachBench(b, []migrate.Set{sqlstore.Migrations()}, func(b *testing.B, db *sqldb.DB) {
		const together = 4
		store, unit, asked := sqlstore.New(db), sqldb.NewUnit(db, nowhere{}, clock.System{}), 0
		var ends []core.End
		b.ReportAllocs()
		began := ownCPU(b)
		for b.Loop() {
			now := time.Now()
			batch := core.Batch{Now: now, Expecting: true, Ends: ends}
			for range together {
				asked++
				store.Coming(b.Context(), now)
				p := asking(fmt.Sprint("run ", asked), core.Thread{OrganizationID: 1, AgentID: 3, UserID: 7, Title: "What is it?", CreatedOn: now, ModifiedOn: now})
				p.Run.CreatedOn, p.Run.ModifiedOn, p.Run.LeaseUntil = now, now, now
				p.Events = []core.StreamEvent{{Sequence: 1, Step: core.StepStart}}
				batch.Accepts = append(batch.Accepts, p)
			}
			var done core.Written
			err := unit.Do(b.Context(), func(ctx context.Context, _ uow.Tx) (err error) {
				done, err = store.Write(ctx, batch)
				return err
			})
			if err != nil {
				b.Fatal(err)
			}
			ends = ends[:0]
			for _, a := range done.Accepts {
				o, err := store.Prepare(longOutcome(now))
				if err != nil {
					b.Fatal(err)
				}
				ends = append(ends, core.End{Run: a.Run.ID, Owner: a.Run.Owner, AgentID: 3, Sequence: 2, Outcome: o})
			}
		}
		b.ReportMetric(float64((ownCPU(b)-began)/1e3)/float64(b.N*together), "cpu-µs/run")
	})
}

// longOutcome is an answer with the thoughts and sources of five passages.
func longOutcome(now time.Time) core.Outcome {
	return core.Outcome{
		State: core.Completed, Answer: strings.Repeat("It is so [1]. ", 20), SearchQuery: "what it is", Sources: "[0]", Model: "m-1",
		References:   []core.Reference{{Number: 1, URL: "/api/document/11/content", Title: "Guide", DocumentID: 11}},
		FinishReason: "stop", CorpusIDs: []int64{5},
		Thoughts: []core.Thought{{Order: 1, Step: "retrieval", Title: "Searched", Message: "Scored 20.", StartedOn: now, Detail: json.RawMessage(`"` + strings.Repeat("a candidate ", 400) + `"`)}},
		Usage:    []core.Metered{{Usage: chat.Usage{Purpose: "answer", Model: "m-1", FreshInput: 200, Output: 30, UsageSource: "provider", Cost: "0.000005", CostSource: "prices"}}},
	}
}
