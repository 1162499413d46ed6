package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"parley/modules/agents/internal/core"
	"parley/platform/kernel/jsonout"
	"parley/platform/kernel/page"
	"parley/platform/sqldb"
)

type reviewRow struct {
	bun.BaseModel `bun:"table:agents_reviews,alias:r"`
	core.Review
}

type ratingRow struct {
	bun.BaseModel `bun:"table:agents_ratings,alias:r"`
	core.Rating
}

// run is that a user has run an agent.
type run struct{ ID, OrganizationID, UserID, AgentID int64 }

type runRow struct {
	bun.BaseModel `bun:"table:agents_runs,alias:r"`
	run
}

func newReviews(db *sqldb.DB) sqldb.Table[core.Review, reviewRow] {
	return sqldb.NewTable(db, func(r core.Review) reviewRow { return reviewRow{Review: r} },
		func(r reviewRow) core.Review { return r.Review }, core.ErrReviewNotFound, core.ErrReviewed)
}

func newRatings(db *sqldb.DB) sqldb.Table[core.Rating, ratingRow] {
	return sqldb.NewTable(db, func(r core.Rating) ratingRow { return ratingRow{Rating: r} },
		func(r ratingRow) core.Rating { return r.Rating }, nil, nil)
}

// notingAgain moves recents of those who have run the agents.
var (
	notingAgain = sqldb.NewKept(`UPDATE agents_recents AS m SET created_on = GREATEST(m.created_on, v.asked_on)
		FROM (SELECT unnest((SELECT $1::bigint[])) AS user_id, unnest($2::bigint[]) AS agent_id, unnest($3::timestamptz[]) AS asked_on) AS v
		WHERE m.user_id = v.user_id AND m.agent_id = v.agent_id AND EXISTS (SELECT 1 FROM agents_runs AS r WHERE r.user_id = v.user_id AND r.agent_id = v.agent_id)
		RETURNING m.user_id, m.agent_id`)
	notingAgainOnSQLite = sqldb.NewChange(
		"agents_recents",
		"created_on = max(agents_recents.created_on, v.column3)",
		"agents_recents.user_id = v.column1 AND agents_recents.agent_id = v.column2 AND EXISTS (SELECT 1 FROM agents_runs AS r WHERE r.user_id = v.column1 AND r.agent_id = v.column2)",
		"user_id, agent_id",
	)
)

// NoteAgain implements core.Opinions.
func (s *Store) NoteAgain(ctx context.Context, questions []core.Question) (others []core.Question, err error) {
	type pair struct{ user, agent int64 }
	noted := map[pair]bool{}
	scan := func(row *sql.Rows) error {
		var p pair
		err := row.Scan(&p.user, &p.agent)
		noted[p] = true
		return err
	}
	err = s.db.Within(ctx, func(ctx context.Context) error {
		if s.db.Postgres() {
			users, agents, times := make([]int64, len(questions)), make([]int64, len(questions)), make([]time.Time, len(questions))
			for i, q := range questions {
				users[i], agents[i], times[i] = q.UserID, q.AgentID, q.AskedOn
			}
			return notingAgain.Rows(ctx, s.db.On(ctx), scan, users, agents, times)
		}
		rows := make(sqldb.Rows, len(questions))
		for i, q := range questions {
			rows[i] = []any{q.UserID, q.AgentID, q.AskedOn}
		}
		return s.db.Change(ctx, notingAgainOnSQLite, rows, scan)
	})
	if err != nil {
		return nil, fmt.Errorf("noting %d questions again: %w", len(questions), err)
	}
	for _, q := range questions {
		if !noted[pair{q.UserID, q.AgentID}] {
			others = append(others, q)
		}
	}
	return others, nil
}

// NoteQuestions implements core.Opinions. PostgreSQL gets it as one message.
func (s *Store) NoteQuestions(ctx context.Context, questions []core.Question, keep int) error {
	if len(questions) == 0 {
		return nil
	}
	runs := make([]runRow, len(questions))
	for i, q := range questions {
		runs[i] = runRow{run: run{OrganizationID: q.OrganizationID, UserID: q.UserID, AgentID: q.AgentID}}
	}
	err := s.db.Within(ctx, func(ctx context.Context) error {
		script := s.db.NewScript()
		script.Insert(sqldb.Insert{Rows: &runs, Without: "id", OnConflict: "(user_id, agent_id) DO NOTHING"})
		s.addRecents(script, questions)
		users := core.Askers(questions)
		if s.db.Postgres() {
			script.Kept(trimmingOnPostgres, users, keep)
			return script.Exec(ctx)
		}
		if err := script.Exec(ctx); err != nil {
			return err
		}
		var list jsonout.Text
		list.Any(users)
		return s.db.Prepared(ctx, trimmingOnSQLite, nil, string(list.Bytes), keep)
	})
	if err != nil {
		return fmt.Errorf("noting %d questions: %w", len(questions), err)
	}
	return nil
}

// HasRun implements core.Opinions.
func (s *Store) HasRun(ctx context.Context, user, agent int64) (bool, error) {
	has, err := s.db.On(ctx).NewSelect().TableExpr("agents_runs").Where("user_id = ? AND agent_id = ?", user, agent).Exists(ctx)
	if err != nil {
		return false, fmt.Errorf("looking for a run: %w", err)
	}
	return has, nil
}

// AddReview implements core.Opinions.
func (s *Store) AddReview(ctx context.Context, r core.Review) (core.Review, error) {
	return s.reviews.Add(ctx, r)
}

// Review implements core.Opinions.
func (s *Store) Review(ctx context.Context, agent, id int64) (core.Review, error) {
	return s.reviews.Get(ctx, sqldb.Eq("id", id), sqldb.Eq("agent_id", agent))
}

// ReviewByID implements core.Opinions.
func (s *Store) ReviewByID(ctx context.Context, organization, id int64) (core.Review, error) {
	return s.reviews.Get(ctx, sqldb.Eq("id", id), sqldb.Eq("organization_id", organization))
}

// ReviewsPage implements core.Opinions.
func (s *Store) ReviewsPage(ctx context.Context, agent int64, p page.Request) (page.Of[core.Review], error) {
	order := sqldb.Order[core.Review]{Desc: true, Key: func(r core.Review) page.Key { return page.Key{ID: r.ID} }}
	return s.reviews.Page(ctx, p, order, sqldb.Eq("agent_id", agent))
}

// UpdateReview implements core.Opinions.
func (s *Store) UpdateReview(ctx context.Context, agent, id int64, change func(*core.Review) error) (core.Review, error) {
	return s.reviews.Update(ctx, change, sqldb.Eq("id", id), sqldb.Eq("agent_id", agent))
}

// DeleteReview implements core.Opinions.
func (s *Store) DeleteReview(ctx context.Context, agent, id int64) error {
	gone, err := s.reviews.Delete(ctx, sqldb.Eq("id", id), sqldb.Eq("agent_id", agent))
	if err == nil && len(gone) == 0 {
		err = core.ErrReviewNotFound
	}
	return err
}

// ToggleRating implements core.Opinions.
func (s *Store) ToggleRating(ctx context.Context, r core.Rating) error {
	_, err := s.ratings.Upsert(ctx, r, "user_id, agent_id", "is_rated = NOT r.is_rated", "modified_on = EXCLUDED.modified_on")
	return err
}

// CountRatings implements core.Opinions.
func (s *Store) CountRatings(ctx context.Context, agent, user int64) (int64, bool, error) {
	var all, own int64
	err := s.db.On(ctx).NewSelect().TableExpr("agents_ratings").
		ColumnExpr("count(*)").ColumnExpr("count(CASE WHEN user_id = ? THEN 1 END)", user).
		Where("agent_id = ? AND is_rated = ?", agent, true).Scan(ctx, &all, &own)
	if err != nil {
		return 0, false, fmt.Errorf("counting ratings: %w", err)
	}
	return all, own > 0, nil
}

// ForgetUser implements core.Opinions.
func (s *Store) ForgetUser(ctx context.Context, user int64) error {
	for _, table := range []string{"agents_recents", "agents_stars", "agents_runs", "agents_reviews", "agents_ratings"} {
		if err := s.remove(ctx, table, "user_id = ?", user); err != nil {
			return err
		}
	}
	return nil
}

// ForgetAgents implements core.Opinions.
func (s *Store) ForgetAgents(ctx context.Context, agents []int64) error {
	for _, table := range []string{"agents_recents", "agents_stars", "agents_runs", "agents_reviews", "agents_ratings", "agents_aliases"} {
		if err := s.remove(ctx, table, "agent_id IN (?)", bun.List(agents)); err != nil {
			return err
		}
	}
	return nil
}

// remove deletes rows. Names of tables come from this package alone.
func (s *Store) remove(ctx context.Context, table, where string, args ...any) error {
	if _, err := s.db.On(ctx).NewDelete().TableExpr(table).Where(where, args...).Exec(ctx); err != nil {
		return fmt.Errorf("removing from %s: %w", table, err)
	}
	return nil
}
