package sqlstore_test

import (
	"context"
	"math"
	"testing"
	"time"

	"parley/modules/chat/internal/adapters/sqlstore"
	"parley/modules/chat/internal/core"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/id"
	"parley/platform/kernel/uow"
	"parley/platform/migrate"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

// words are answers that wait for the index.
type words struct {
	t     *testing.T
	db    *sqldb.DB
	store *sqlstore.Store
	unit  *sqldb.Unit
	runs  []core.AnswerWords
}

// newWords answers some questions of one user.
func newWords(t *testing.T, db *sqldb.DB, n int) *words {
	t.Helper()
	w := &words{t: t, db: db, store: sqlstore.New(db), unit: sqldb.NewUnit(db, nowhere{}, clock.System{})}
	var questions, ends core.Batch
	for range n {
		questions.Accepts = append(questions.Accepts, asking(id.New(), core.Thread{OrganizationID: 1, AgentID: 3, UserID: 7, Title: "Why?"}))
	}
	w.do(func(ctx context.Context) error {
		done, err := w.store.Write(ctx, questions)
		for _, a := range done.Accepts {
			w.runs = append(w.runs, core.AnswerWords{RunID: a.Run.ID, AgentID: 3, Words: []string{"common", "green"}})
			ends.Ends = append(ends.Ends, core.End{Run: a.Run.ID, Owner: a.Run.Owner, Sequence: 1, Outcome: core.Outcome{State: core.Completed, Answer: "Common green.", Sources: "[]"}})
		}
		return err
	})
	ends.Now = time.Now()
	w.do(func(ctx context.Context) error { _, err := w.store.Write(ctx, ends); return err })
	return w
}

func (w *words) do(f func(ctx context.Context) error) {
	w.t.Helper()
	if err := w.try(f); err != nil {
		w.t.Fatal(err)
	}
}

func (w *words) try(f func(ctx context.Context) error) error {
	return w.unit.Do(w.t.Context(), func(ctx context.Context, _ uow.Tx) error { return f(ctx) })
}

func (w *words) index(runs ...core.AnswerWords) {
	w.t.Helper()
	w.do(func(ctx context.Context) error {
		ctx, n := sqldb.CountQueries(ctx)
		err := w.store.IndexWords(ctx, runs)
		if most := map[bool]int64{true: 1, false: 2}[w.db.Postgres()]; n.Load() > most {
			w.t.Errorf("%d answers are indexed by %d statements", len(runs), n.Load())
		}
		return err
	})
}

// counts expects so many answers in the index and so many that wait.
func (w *words) counts(indexed, waiting int) {
	w.t.Helper()
	var got [2]int
	for i, table := range []string{"chat_words", "chat_unindexed"} {
		if err := w.db.NewSelect().TableExpr(table).ColumnExpr("count(*)").Scan(w.t.Context(), &got[i]); err != nil {
			w.t.Fatal(err)
		}
	}
	if got != [2]int{indexed, waiting} {
		w.t.Errorf("%d are indexed and %d wait, in the place of %d and %d", got[0], got[1], indexed, waiting)
	}
}

func TestWordsAreIndexedOnceAndNotOfDeletedRuns(t *testing.T) {
	dbtest.Each(t, []migrate.Set{sqlstore.Migrations()}, func(t *testing.T, db *sqldb.DB) {
		w := newWords(t, db, 4)
		last, err := w.store.LastWaiting(t.Context())
		if err != nil || last != w.runs[3].RunID {
			t.Errorf("%d waits last, %v", last, err)
		}
		w.do(func(ctx context.Context) error { return w.store.DeleteRun(ctx, 7, w.runs[1].RunID) })
		w.index(w.runs[0])
		w.counts(1, 3)
		w.index(w.runs[:3]...)
		w.counts(2, 1)
		w.do(func(ctx context.Context) error {
			more, err := w.store.IndexWaiting(ctx, w.runs[2].RunID, 10)
			if more {
				t.Error("nothing waits up to there")
			}
			return err
		})
		w.counts(2, 1)
		w.do(func(ctx context.Context) error { _, err := w.store.IndexWaiting(ctx, math.MaxInt64, 10); return err })
		w.counts(3, 0)
		w.index(w.runs...)
		w.counts(3, 0)
		if last, err := w.store.LastWaiting(t.Context()); err != nil || last != 0 {
			t.Errorf("%d waits, %v", last, err)
		}
		w.do(func(ctx context.Context) error { return w.store.DeleteUser(ctx, 7) })
		w.counts(0, 0)
	})
}

// Whichever comes first, the other waits for its end.
func TestRunsThatAreDeletedOrIndexedMeanwhileAreIndexedOnceOrNotAtAll(t *testing.T) {
	for name, c := range map[string]struct {
		first, second func(w *words, ctx context.Context) error
		indexed       int
	}{
		"deleted first": {
			func(w *words, ctx context.Context) error { return w.store.DeleteRun(ctx, 7, w.runs[0].RunID) },
			func(w *words, ctx context.Context) error { return w.store.IndexWords(ctx, w.runs) },
			1,
		},
		"indexed first": {
			func(w *words, ctx context.Context) error { return w.store.IndexWords(ctx, w.runs) },
			func(w *words, ctx context.Context) error { return w.store.DeleteRun(ctx, 7, w.runs[0].RunID) },
			1,
		},
		"both index": {
			func(w *words, ctx context.Context) error {
				return errorOf(w.store.IndexWaiting(ctx, math.MaxInt64, 10))
			},
			func(w *words, ctx context.Context) error { return w.store.IndexWords(ctx, w.runs) },
			2,
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWords(t, dbtest.Postgres(t, sqlstore.Migrations()), 2)
			done := make(chan error, 1)
			w.do(func(ctx context.Context) error {
				if err := c.first(w, ctx); err != nil {
					return err
				}
				go func() { done <- w.try(func(ctx context.Context) error { return c.second(w, ctx) }) }()
				limited, stop := context.WithTimeout(ctx, time.Minute) // of a test that hangs
				defer stop()
				for waits := 0; waits == 0; {
					if err := w.db.On(limited).NewRaw("SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))").Scan(limited, &waits); err != nil {
						return err
					}
				}
				return nil
			})
			if err := <-done; err != nil {
				t.Error(err)
			}
			w.counts(c.indexed, 0)
		})
	}
}

func errorOf(_ bool, err error) error { return err }
