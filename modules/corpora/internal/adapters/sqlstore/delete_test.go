package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"parley/modules/corpora/internal/adapters/sqlstore"
	"parley/modules/corpora/internal/core"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/uow"
	"parley/platform/migrate"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

// The index alone keeps two documents from claiming the same at one moment.
func TestOfClaimsAtTheSameMomentOneIsStored(t *testing.T) {
	dbtest.Each(t, []migrate.Set{sqlstore.Migrations()}, func(t *testing.T, db *sqldb.DB) {
		store := sqlstore.New(db)
		errs := make(chan error, 20)
		var wg sync.WaitGroup
		for i := range cap(errs) {
			wg.Go(func() {
				d := core.Document{OrganizationID: 1, CorpusID: 1, Tags: []string{}, Step: core.Pending, ClaimedName: "a.md"}
				if i%2 == 0 {
					d.ClaimedName, d.ClaimedContent = fmt.Sprint(i), "the same"
				}
				_, err := store.AddDocument(t.Context(), d)
				errs <- err
			})
		}
		wg.Wait()
		close(errs)
		stored := 0
		for err := range errs {
			switch {
			case err == nil:
				stored++
			case !errors.Is(err, core.ErrDuplicate):
				t.Error(err)
			}
		}
		if stored != 2 { // one of that name, and one of that content
			t.Errorf("%d documents", stored)
		}
	})
}

// fill adds completed documents of one short passage each.
func (s bench) fill(documents int) {
	s.b.Helper()
	store, unit := sqlstore.New(s.db), sqldb.NewUnit(s.db, nowhere{}, clock.System{})
	w := newWriter()
	for first := 0; first < documents; first += 100 {
		err := unit.Do(s.ctx, func(ctx context.Context, _ uow.Tx) error {
			for i := range min(100, documents-first) {
				d, err := store.AddDocument(ctx, core.Document{
					OrganizationID: 1, CorpusID: s.corpus.ID, Name: fmt.Sprintf("Report %d.md", first+i), SHA256: fmt.Sprint(first + i), Tags: []string{"x"}, Step: core.Pending,
				})
				if err != nil {
					return err
				}
				text := fmt.Sprintf("Report %d is about the %s.", first+i, w.words[w.zipf.Uint64()])
				passages := []core.Indexed{{Number: 1, Title: d.Name, Text: text, Terms: terms(text), Length: len(terms(text))}}
				d.Step, d.ChunkCount = core.Completed, len(passages)
				if _, err := store.Finish(ctx, d, passages, held); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			s.b.Fatal(err)
		}
	}
}

// Others write and ask all the time while a corpus is emptied, in the request or
// after it.
func BenchmarkDeleting10000Documents(b *testing.B) {
	for name, remove := range map[string]func(s bench) error{
		"all documents": func(s bench) error { _, err := s.DeleteAll(s.ctx, who, s.corpus.ID, "Bench"); return err },
		"the corpus":    func(s bench) error { _, err := s.DeleteCorpus(s.ctx, who, s.corpus.ID); return err },
	} {
		b.Run(name, func(b *testing.B) {
			each(b, func(s bench) {
				for s.b.Loop() {
					s.b.StopTimer()
					s.fill(10_000)
					other, err := s.CreateCorpus(s.ctx, who, core.NewCorpus{Name: "Other"})
					if err != nil {
						s.b.Fatal(err)
					}
					s.b.StartTimer()
					began := time.Now()
					answered := make(chan time.Duration, 1)
					go func() {
						if err := remove(s); err != nil {
							s.b.Error(err)
						}
						answered <- time.Since(began)
					}()
					var waits []time.Duration
					for left := 1; left > 0; {
						asked := time.Now()
						if _, err := s.UpdateCorpus(s.ctx, who, other.ID, core.CorpusChange{CorpusSettings: core.CorpusSettings{Tags: &[]string{fmt.Sprint(len(waits))}}}); err != nil {
							s.b.Fatal(err)
						}
						waits = append(waits, time.Since(asked))
						time.Sleep(time.Millisecond)
						if err := s.db.NewRaw("SELECT count(*) FROM corpora_passages").Scan(s.ctx, &left); err != nil {
							s.b.Fatal(err)
						}
					}
					slices.Sort(waits)
					s.b.ReportMetric((<-answered).Seconds(), "s-to-answer")
					s.b.ReportMetric(time.Since(began).Seconds(), "s-to-nothing-left")
					s.b.ReportMetric(float64(waits[len(waits)/2].Microseconds())/1000, "ms-other-p50")
					s.b.ReportMetric(float64(waits[len(waits)*99/100].Microseconds())/1000, "ms-other-p99")
					s.b.ReportMetric(float64(waits[len(waits)-1].Microseconds())/1000, "ms-other-max")
				}
			})
		})
	}
}
