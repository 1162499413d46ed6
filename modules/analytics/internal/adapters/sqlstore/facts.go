package sqlstore

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sort"

	"github.com/uptrace/bun"

	"parley/modules/analytics/internal/core"
	"parley/platform/kernel/jsonout"
	"parley/platform/sqldb"
)

// lockName names the lock that those who add facts share, and that a sealer who moves
// a horizon has alone.
const lockName = "hashtextextended(current_schema() || '/analytics-horizon', 0)"

// AddFacts implements core.Store. A fact of a time that is sealed already marks
// its quarter: until that is sealed anew, it is counted from its facts.
//
// The lock is held until the commit. So a sealer who moves the horizon over a quarter
// sees every fact that was added before, and one who adds a fact after sees the
// horizon.
func (s *Store) AddFacts(ctx context.Context, facts []core.Fact) error {
	if len(facts) == 0 {
		return nil
	}
	rows := make([]factRow, len(facts))
	places := map[place]bool{}
	for i, f := range facts {
		rows[i] = factRow{Fact: f}
		places[place{f.OrganizationID, f.Quarter}] = true
	}
	insert := sqldb.Insert{Rows: &rows, Without: "id", OnConflict: "(origin) DO NOTHING"}
	err := s.db.Within(ctx, func(ctx context.Context) error {
		if s.db.Postgres() {
			return s.addOnPostgres(ctx, insert, slices.Collect(maps.Keys(places)))
		}
		if err := s.db.Insert(ctx, insert); err != nil {
			return err
		}
		var list jsonout.Text
		jsonout.List(&list, slices.Collect(maps.Keys(places)), func(t *jsonout.Text, p *place) { t.Any([]int64{p.org, p.quarter}) })
		return s.db.Prepared(ctx, markingOnSQLite, nil, string(list.Bytes))
	})
	if err != nil {
		return fmt.Errorf("storing facts and marking their quarters: %w", err)
	}
	return nil
}

// place is a quarter of an organization.
type place struct{ org, quarter int64 }

// addOnPostgres sends one message, of which each statement sees what was
// committed before it: the marks see the horizon as it is under the lock.
func (s *Store) addOnPostgres(ctx context.Context, facts sqldb.Insert, places []place) error {
	var orgs, quarters []int64
	for _, p := range places {
		orgs, quarters = append(orgs, p.org), append(quarters, p.quarter)
	}
	script := s.db.NewScript()
	script.Kept(sharing)
	script.Insert(facts)
	script.Kept(marking, orgs, quarters)
	return script.Exec(ctx)
}

var (
	sharing = sqldb.NewKept("SELECT pg_advisory_xact_lock_shared(" + lockName + ")")
	marking = sqldb.NewKept(`INSERT INTO analytics_marks (organization_id, quarter) SELECT v.organization_id, v.quarter
		FROM (SELECT unnest((SELECT $1::bigint[])) AS organization_id, unnest($2::bigint[]) AS quarter) AS v
		JOIN analytics_horizons AS h ON h.organization_id = v.organization_id AND v.quarter < h.horizon`)
)

const markingOnSQLite = `INSERT INTO analytics_marks (organization_id, quarter) SELECT h.organization_id, v.value ->> 1
	FROM json_each(?) AS v JOIN analytics_horizons AS h ON h.organization_id = v.value ->> 0 AND v.value ->> 1 < h.horizon`

// stretch is quarters that follow on each other.
type stretch struct{ first, end int64 }

func (s stretch) within(q *bun.SelectQuery) *bun.SelectQuery {
	return q.Where("quarter >= ? AND quarter < ?", s.first, s.end)
}

// factColumns are what figures are made of.
const factColumns = "team_id, project_id, agent_id, user_id, thread_id, agent_type, query_source, model, occurred_on, quarter, " +
	"runs, threads, upvotes, downvotes, prompt_tokens, completion_tokens, cost_nano, cost_pico"

// Limits of one statement.
const (
	maxFacts   = 50_000 // that it answers
	maxSingles = 96     // quarters of a stretch that it names one by one
)

// factReader reads the facts of some quarters in their order, part by part.
type factReader struct {
	s    *Store
	org  int64
	user int64     // or 0
	of   []stretch // ascending
	buf  []core.Fact
	// All facts before upTo were read; those of quarters that nobody asks for
	// any more are gone from buf.
	upTo int64
	done bool
}

func (s *Store) newFactReader(org, user int64, of []stretch) *factReader {
	r := &factReader{s: s, org: org, user: user, done: len(of) == 0}
	for _, w := range of {
		if n := len(r.of); n > 0 && w.first <= r.of[n-1].end {
			r.of[n-1].end = max(r.of[n-1].end, w.end)
			continue
		}
		r.of = append(r.of, w)
	}
	if len(of) > 0 {
		r.upTo = of[0].first
	}
	return r
}

// each calls part with the facts of a stretch, once or more, in order. Stretches
// ascend from call to call; the last quarter of one may be the first of the next.
func (r *factReader) each(ctx context.Context, w stretch, part func([]core.Fact)) error {
	r.buf = r.buf[r.find(w.first):]
	for {
		if n := r.find(min(w.end, r.upTo)); n > 0 || r.done || r.upTo >= w.end {
			part(r.buf[:n])
			w.first = max(w.first, min(w.end, r.upTo))
		}
		if r.done || r.upTo >= w.end {
			return nil
		}
		if err := r.more(ctx); err != nil {
			return err
		}
		r.buf = r.buf[r.find(w.first):]
	}
}

// find is where the facts of a quarter begin.
func (r *factReader) find(quarter int64) int {
	return sort.Search(len(r.buf), func(i int) bool { return r.buf[i].Quarter >= quarter })
}

// more reads further facts. Of a quarter all are read or none.
func (r *factReader) more(ctx context.Context) error {
	for limit := maxFacts; ; limit *= 2 {
		facts, err := r.read(ctx, limit)
		if err != nil {
			return err
		}
		if len(facts) < limit {
			r.buf, r.done = append(r.buf, facts...), true
			r.upTo = r.of[len(r.of)-1].end
			return nil
		}
		if last := facts[len(facts)-1].Quarter; last > facts[0].Quarter {
			whole := sort.Search(len(facts), func(i int) bool { return facts[i].Quarter >= last })
			r.buf, r.upTo = append(r.buf, facts[:whole]...), last
			return nil
		}
	}
}

func (r *factReader) read(ctx context.Context, limit int) ([]core.Fact, error) {
	q := r.s.db.On(ctx).NewSelect().ColumnExpr(factColumns).Table("analytics_facts").Where("organization_id = ?", r.org).OrderExpr("quarter").Limit(int64(limit))
	if r.user != 0 {
		q = q.Where("user_id = ?", r.user)
	}
	var singles []int64
	q = q.WhereGroup(" AND ", func(q *bun.SelectQuery) *bun.SelectQuery {
		for _, w := range r.of {
			w.first = max(w.first, r.upTo)
			switch {
			case w.first >= w.end:
			case w.end-w.first > maxSingles:
				q = q.WhereGroup(" OR ", w.within)
			default:
				for quarter := w.first; quarter < w.end; quarter++ {
					singles = append(singles, quarter)
				}
			}
		}
		return q.WhereOr("quarter IN (?)", bun.List(singles))
	})
	return scanFacts(ctx, q, r.org)
}

// scanFacts reads the facts of a query for factColumns.
func scanFacts(ctx context.Context, q *bun.SelectQuery, org int64) (facts []core.Fact, err error) {
	rows, err := q.Rows(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading facts: %w", err)
	}
	defer func() {
		if e := rows.Close(); err == nil && e != nil {
			err = fmt.Errorf("reading facts: %w", e)
		}
	}()
	for rows.Next() {
		f := core.Fact{OrganizationID: org}
		if err := rows.Scan(destinations(&f)...); err != nil {
			return nil, fmt.Errorf("reading a fact: %w", err)
		}
		f.OccurredOn = f.OccurredOn.UTC()
		facts = append(facts, f)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("reading facts: %w", err)
	}
	return facts, nil
}

// destinations are where factColumns go.
func destinations(f *core.Fact) []any {
	return []any{
		&f.TeamID, &f.ProjectID, &f.AgentID, &f.UserID, &f.ThreadID, &f.AgentType, &f.QuerySource, &f.Model, &f.OccurredOn, &f.Quarter,
		&f.Runs, &f.Threads, &f.Upvotes, &f.Downvotes, &f.PromptTokens, &f.CompletionTokens, &f.Cost.Nano, &f.Cost.Pico,
	}
}
