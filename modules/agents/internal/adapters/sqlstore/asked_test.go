package sqlstore_test

import (
	"context"
	"testing"
	"time"

	"parley/modules/agents/internal/adapters/sqlstore"
	"parley/modules/agents/internal/core"
	"parley/modules/users"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

// crowd is a users.Directory in which everybody up to 50 exists.
type crowd struct{ users.Directory }

func (crowd) Users(_ context.Context, organizationID int64, ids []int64) ([]users.User, error) {
	var out []users.User
	for _, id := range ids {
		if id <= 50 {
			out = append(out, users.User{ID: id, OrganizationID: organizationID})
		}
	}
	return out, nil
}

func TestWhatFollowsAQuestionIsNotPlannedEachTime(t *testing.T) {
	db := dbtest.Postgres(t, sqlstore.Migrations())
	unit := sqldb.NewUnit(db, &dbtest.Outbox{}, clock.System{})
	store := sqlstore.New(db)
	dbtest.PlannedOnce(t, db, func() {
		err := unit.Do(t.Context(), func(ctx context.Context, _ uow.Tx) error {
			_, err := store.NoteAgain(ctx, []core.Question{{OrganizationID: 1, UserID: 1, AgentID: 1, AskedOn: time.Now()}})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestManyQuestionsCostTheStatementsOfOne(t *testing.T) {
	dbtest.Stores(t, sqlstore.Migrations, func(t *testing.T, fresh func(t *testing.T) (*sqldb.DB, uow.Unit)) {
		db, unit := fresh(t)
		s := core.New(core.Deps{Unit: unit, Store: sqlstore.New(db), Projects: open{}, Directory: crowd{}, Addresses: free{}, Clock: clock.System{}})
		who := actor.Actor{UserID: 1, OrganizationID: 1, Email: "admin@x", Level: actor.GlobalAdmin}
		name, project := "Guide", int64(1)
		var ids []int64
		for range 25 {
			a, err := s.CreateAgent(t.Context(), who, core.Settings{Name: &name, ProjectID: &project})
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, a.ID)
		}
		at := time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC)
		var questions []core.Question
		for user := range int64(60) {
			for i, id := range ids {
				asked := at.Add(time.Duration(i) * time.Minute)
				questions = append(questions, core.Question{OrganizationID: 1, UserID: user + 1, AgentID: id, AskedOn: asked},
					core.Question{OrganizationID: 1, UserID: user + 1, AgentID: id, AskedOn: asked.Add(-time.Hour)})
			}
		}
		questions = append(questions, core.Question{OrganizationID: 1, UserID: 1, AgentID: 999, AskedOn: at.Add(time.Hour)})

		ctx, n := sqldb.CountQueries(t.Context())
		asked := func(questions ...core.Question) int64 {
			t.Helper()
			n.Store(0)
			if err := s.Asked(ctx, questions...); err != nil {
				t.Fatal(err)
			}
			return n.Load()
		}
		asked(questions[0]) // asks what types the columns have
		one, again, many := asked(questions[2]), asked(questions[2]), asked(questions...)
		if one != 9 || again != 3 || many != one { // with BEGIN and COMMIT, since no unit is open: twice for those who ask an agent for the first time
			t.Errorf("one question takes %d statements, again %d, many %d", one, again, many)
		}
		recent, err := s.Bookmarks(t.Context(), who, core.Recent, page.Request{Size: 50})
		if err != nil || recent.Count != 20 || recent.Items[0].AgentID != ids[24] || recent.Items[19].AgentID != ids[5] {
			t.Errorf("%d recents: %+v, %v", recent.Count, recent.Items, err)
		}
		for user, want := range map[int64]int64{50: 20, 51: 0} {
			if got, err := s.Store.CountBookmarks(t.Context(), core.Recent, user); err != nil || got != want {
				t.Errorf("user %d has %d recents, not %d: %v", user, got, want, err)
			}
		}
		if has, err := s.Store.HasRun(t.Context(), 50, ids[0]); err != nil || !has {
			t.Errorf("the first agent may not be reviewed: %v", err)
		}
	})
}
