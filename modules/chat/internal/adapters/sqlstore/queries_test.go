package sqlstore_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"parley/modules/chat/internal/adapters/sqlstore"
	"parley/modules/chat/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
	"parley/platform/migrate"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

func (anyAgent) Administers(context.Context, actor.Actor, int64) (bool, error) { return false, nil }

// quick answers at once.
type quick struct{}

func (quick) Name() string { return "quick" }

func (quick) Answer(_ context.Context, _ core.Prompt, emit func(string) error) (core.Completion, error) {
	return core.Completion{Text: "It is."}, emit("It is.")
}

func serviceOver(db *sqldb.DB, owner string, model core.Model) *core.Service {
	return core.New(core.Deps{
		Unit: sqldb.NewUnit(db, nowhere{}, clock.System{}), Store: sqlstore.New(db), Agents: anyAgent{}, Askers: anybody{}, Corpora: noDocuments{}, Models: core.Models{{Model: model}},
		Clock: clock.System{}, Log: slog.New(slog.DiscardHandler), Owner: owner,
	})
}

func TestAThreadCostsTheSameHoweverMuchWasSaidAboutIt(t *testing.T) {
	dbtest.Each(t, []migrate.Set{sqlstore.Migrations()}, func(t *testing.T, db *sqldb.DB) {
		ctx, jo := t.Context(), actor.Actor{UserID: 7, OrganizationID: 1}
		s := serviceOver(db, "process-a", quick{})
		s.Open(ctx)
		var thread *int64
		add := func(answers int) {
			for i := range answers {
				asked, err := s.Ask(ctx, jo, core.Ask{AgentID: 3, UserQuery: fmt.Sprintf("Question %d?", i), ThreadID: thread})
				if err != nil {
					t.Fatal(err)
				}
				thread = &asked.ThreadID
				if _, err := s.Outcome(ctx, jo, asked); err != nil {
					t.Fatal(err)
				}
				if _, err := s.Vote(ctx, jo, asked.ID, i%2 == 0); err != nil {
					t.Fatal(err)
				}
				for range 3 {
					if _, err := s.Comment(ctx, jo, asked.ID, "Thanks."); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		cost := func(answers int) int64 {
			t.Helper()
			ctx, n := sqldb.CountQueries(ctx)
			_, list, err := s.Thread(ctx, jo, *thread, page.Request{})
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range list.Items {
				if len(r.Comments) != 3 || len(r.Votes) != 1 {
					t.Errorf("%d comments and %d votes", len(r.Comments), len(r.Votes))
				}
			}
			if len(list.Items) != answers {
				t.Errorf("%d answers", len(list.Items))
			}
			return n.Load()
		}
		add(1)
		// The thread, its answers and how many there are, their texts, comments and votes.
		if one := cost(1); one != 6 {
			t.Errorf("%d statements", one)
		}
		add(40)
		if many := cost(41); many != 6 {
			t.Errorf("%d statements for 41 answers", many)
		}
		deleting, n := sqldb.CountQueries(ctx)
		if _, err := s.DeleteThread(deleting, jo, *thread); err != nil {
			t.Fatal(err)
		}
		if n.Load() > 11 { // begin and commit among them
			t.Errorf("%d statements for a deletion", n.Load())
		}
		if err := s.Close(ctx); err != nil {
			t.Error(err)
		}
	})
}

func TestQuestionsWithKeysCostTheSameHoweverManyACommitHas(t *testing.T) {
	dbtest.Each(t, []migrate.Set{sqlstore.Migrations()}, func(t *testing.T, db *sqldb.DB) {
		store, unit := sqlstore.New(db), sqldb.NewUnit(db, nowhere{}, clock.System{})
		asked := 0
		cost := func(questions int) int64 {
			t.Helper()
			b := core.Batch{Now: time.Now()}
			for range questions {
				asked++
				key := fmt.Sprint(asked)
				p := asking(key, core.Thread{OrganizationID: 1, AgentID: 3, UserID: 7, Title: "What?"})
				p.Run.IdempotencyKey = &key
				b.Accepts = append(b.Accepts, p)
			}
			ctx, n := sqldb.CountQueries(t.Context())
			err := unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
				done, err := store.Write(ctx, b)
				for _, a := range done.Accepts {
					if a.Err != nil || a.Run.ID == 0 {
						t.Errorf("a question is stored as %d: %v", a.Run.ID, a.Err)
					}
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return n.Load()
		}
		cost(1) // looks at the columns of tables
		if one, many := cost(1), cost(12); one != many {
			t.Errorf("%d statements for one question and %d for twelve", one, many)
		}
	})
}
