package sqlstore_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"parley/modules/agents"
	"parley/modules/chat/internal/adapters/sqlstore"
	"parley/modules/chat/internal/core"
	"parley/modules/corpora"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/event"
	"parley/platform/migrate"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

type anyAgent struct{ agents.Catalog }

func (anyAgent) Run(_ context.Context, _ actor.Actor, id int64) (agents.Runnable, error) {
	return agents.Runnable{ID: id, OrganizationID: 1, ProjectID: 4}, nil
}

type anybody struct{ core.Askers }

func (anybody) Actor(_ context.Context, organizationID, userID int64) (actor.Actor, error) {
	return actor.Actor{UserID: userID, OrganizationID: organizationID}, nil
}

func (anybody) Forget(...int64) {}

type noDocuments struct{ corpora.Retriever }

func (noDocuments) Retrieve(context.Context, actor.Actor, corpora.Scope, string, int) (corpora.Retrieval, error) {
	return corpora.Retrieval{}, nil
}

type nowhere struct{}

func (nowhere) Append(context.Context, []event.Envelope) error { return nil }

func (nowhere) Committed() {}

// slow answers when it is told to.
type slow struct {
	asked  chan struct{}
	answer chan struct{}
}

func (slow) Name() string { return "slow" }

func (m slow) Answer(ctx context.Context, _ core.Prompt, emit func(string) error) (core.Completion, error) {
	m.asked <- struct{}{}
	if err := emit("It is"); err != nil {
		return core.Completion{}, err
	}
	select {
	case <-m.answer:
		return core.Completion{Text: "It is."}, emit(".")
	case <-ctx.Done():
		return core.Completion{Text: "It is"}, ctx.Err()
	}
}

// With one connection in all, a single run that kept it would stop everything.
func TestNoConnectionIsHeldWhileAModelIsAwaited(t *testing.T) {
	const runs = 200
	dbtest.Each(t, []migrate.Set{sqlstore.Migrations()}, func(t *testing.T, db *sqldb.DB) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		db.SetMaxOpenConns(1)
		model := slow{asked: make(chan struct{}, runs), answer: make(chan struct{})}
		store := sqlstore.New(db)
		s := core.New(core.Deps{
			Unit: sqldb.NewUnit(db, nowhere{}, clock.System{}), Store: store, Agents: anyAgent{}, Askers: anybody{}, Corpora: noDocuments{}, Models: core.Models{{Model: model}},
			Clock: clock.System{}, Log: slog.New(slog.DiscardHandler), Owner: "process-a",
		})
		s.Open(ctx)
		asked := make([]core.Asked, runs)
		for i := range asked {
			var err error
			who := actor.Actor{UserID: int64(i%7) + 1, OrganizationID: 1}
			if asked[i], err = s.Ask(ctx, who, core.Ask{AgentID: 3, UserQuery: fmt.Sprintf("Question %d?", i)}); err != nil {
				t.Fatal(err)
			}
		}
		for range runs {
			<-model.asked
		}
		for _, a := range asked { // everybody else gets the connection
			r, err := store.Run(ctx, a.UserID, a.ID)
			if err != nil || r.State != core.InProgress {
				t.Fatalf("%s: %v", r.State, err)
			}
		}
		close(model.answer)
		for _, a := range asked {
			record, err := s.Outcome(ctx, actor.Actor{UserID: a.UserID, OrganizationID: 1}, a)
			if err != nil || record.State != core.Completed || record.Answer != "It is." {
				t.Fatalf("%s %q: %v", record.State, record.Answer, err)
			}
		}
		if err := s.Close(ctx); err != nil {
			t.Error(err)
		}
	})
}
