package sqlstore_test

import (
	"context"
	"errors"
	"io"
	"sync"
	"testing"
	"time"

	"parley/modules/chat/internal/adapters/sqlstore"
	"parley/modules/chat/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/migrate"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

// talkative says a word again and again until it is interrupted.
type talkative struct{}

func (talkative) Name() string { return "talkative" }

func (talkative) Answer(ctx context.Context, _ core.Prompt, emit func(string) error) (out core.Completion, err error) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			out.Text += "word "
			if err := emit("word "); err != nil {
				return out, err
			}
		case <-ctx.Done():
			return out, ctx.Err()
		}
	}
}

// Two processes: one answers, the other deletes, and others ask, vote and
// comment meanwhile. Nothing is told of the deletions but by the database.
func TestAnswersOfAnotherProcessAreDeletedWhileTheyAreMade(t *testing.T) {
	dbtest.Each(t, []migrate.Set{sqlstore.Migrations()}, func(t *testing.T, db *sqldb.DB) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		jo := actor.Actor{UserID: 7, OrganizationID: 1}
		here, there := serviceOver(db, "process-a", talkative{}), serviceOver(db, "process-b", talkative{})
		here.Open(ctx)
		there.Open(ctx)
		allowed := func(err error) {
			if err != nil && !errors.Is(err, core.ErrNotFound) {
				t.Error(err)
			}
		}
		var all sync.WaitGroup
		var mu sync.Mutex
		var runs []core.Asked
		var begun []core.Asked
		for range 4 {
			first, err := here.Ask(ctx, jo, core.Ask{AgentID: 3, UserQuery: "What is it?"})
			if err != nil {
				t.Fatal(err)
			}
			begun = append(begun, first)
		}
		for _, first := range begun {
			thread := first.ThreadID
			for range 3 {
				all.Go(func() {
					more, err := here.Ask(ctx, jo, core.Ask{AgentID: 3, UserQuery: "And that?", ThreadID: &thread})
					allowed(err)
					if err == nil {
						mu.Lock()
						runs = append(runs, more)
						mu.Unlock()
					}
				})
				all.Go(func() {
					_, err := there.Vote(ctx, jo, first.ID, true)
					allowed(err)
					_, err = here.Comment(ctx, jo, first.ID, "Too long.")
					allowed(err)
				})
			}
			all.Go(func() {
				_, err := there.DeleteResponse(ctx, jo, first.ID)
				allowed(err)
				_, err = there.DeleteThread(ctx, jo, thread)
				allowed(err)
			})
		}
		all.Wait()
		store := sqlstore.New(db)
		var ids []int64
		for _, r := range append(runs, begun...) {
			ids = append(ids, r.ID)
			w := here.Follow(jo, r)
			var last core.StreamEvent
			for {
				e, err := w.Next(ctx)
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				if e.Sequence != last.Sequence+1 {
					t.Errorf("event %d after %d", e.Sequence, last.Sequence)
				}
				last = e
			}
			if last.Code != "chat.deleted" {
				t.Errorf("the stream ends with %+v", last)
			}
			if _, err := here.Record(ctx, jo, r.ID); !errors.Is(err, core.ErrNotFound) {
				t.Errorf("run %d: %v", r.ID, err)
			}
			if stored, err := store.Events(ctx, r.ID, 0, 10); err != nil || len(stored) > 0 {
				t.Errorf("%d events of run %d are left: %v", len(stored), r.ID, err)
			}
		}
		contents, err := store.Contents(ctx, ids)
		if err != nil || len(contents) > 0 {
			t.Errorf("%d texts are left: %v", len(contents), err)
		}
		comments, err := store.Comments(ctx, ids)
		if err != nil || len(comments) > 0 {
			t.Errorf("comments of %d answers are left: %v", len(comments), err)
		}
		for _, s := range []*core.Service{here, there} {
			if err := s.Close(ctx); err != nil {
				t.Error(err)
			}
		}
		if owners, err := store.Owners(ctx); err != nil || len(owners) > 0 {
			t.Errorf("%v have open runs: %v", owners, err)
		}
	})
}
