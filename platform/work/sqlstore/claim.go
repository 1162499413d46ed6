package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"parley/platform/sqldb"
	"parley/platform/work"
)

// next finds the jobs whose turn it is, without locking anything. The tenants
// are found one after the other in the index of ready jobs, so the cost grows
// with the tenants that wait and not with their jobs. Of each tenant the first
// few jobs are looked at, each with the load that it would add to.
const next = `WITH RECURSIVE tenants (tenant) AS (
	SELECT min(tenant) FROM work_jobs WHERE kind = ?0 AND state = 'ready' AND NOT alone
	UNION ALL
	SELECT (SELECT min(j.tenant) FROM work_jobs AS j WHERE j.kind = ?0 AND j.state = 'ready' AND NOT j.alone AND j.tenant > t.tenant)
	FROM tenants AS t WHERE t.tenant IS NOT NULL
), loads (tenant, running, served_at) AS MATERIALIZED (
	SELECT t.tenant, coalesce(r.running, 0), coalesce(w.served_at, 0) FROM tenants AS t
	LEFT JOIN (SELECT tenant, count(*) AS running FROM work_jobs WHERE kind = ?0 AND state = 'running' GROUP BY tenant) AS r ON r.tenant = t.tenant
	LEFT JOIN work_turns AS w ON w.kind = ?0 AND w.tenant = t.tenant
	WHERE t.tenant IS NOT NULL
), heads (id, load, served_at) AS (HEADS)
SELECT id FROM heads WHERE id IS NOT NULL ORDER BY load, served_at, id LIMIT ?2`

// head is one part of heads: the job at one place of each tenant's line.
const head = `SELECT (SELECT j.id FROM work_jobs AS j WHERE j.kind = ?0 AND j.tenant = l.tenant AND j.state = 'ready' AND NOT j.alone AND j.due_at <= ?1
	ORDER BY j.priority DESC, j.due_at, j.id LIMIT 1 OFFSET %[1]d), l.running + %[1]d, l.served_at FROM loads AS l`

const nextAlone = "SELECT id FROM work_jobs WHERE kind = ?0 AND state = 'ready' AND alone AND due_at <= ?1 ORDER BY due_at, id LIMIT ?2"

// heads are the first n jobs of each tenant.
func heads(n int) string {
	parts := make([]string, n)
	for i := range parts {
		parts[i] = fmt.Sprintf(head, i)
	}
	return strings.Join(parts, " UNION ALL ")
}

// due finds the first job of each kind, of either sort, and whether it is due,
// by the indexes work_jobs_due and work_jobs_alone: a kind costs the same however
// many of its jobs wait. All attempts are at least 0: that names the index.
const due = `SELECT v.column1 AS kind,
	coalesce((SELECT min(j.due_at) FROM work_jobs AS j WHERE j.kind = v.column1 AND j.state = 'ready' AND NOT j.alone AND j.attempts >= 0) <= ?0, FALSE) AS jobs,
	coalesce((SELECT min(j.due_at) FROM work_jobs AS j WHERE j.kind = v.column1 AND j.state = 'ready' AND j.alone) <= ?0, FALSE) AS alone
FROM (VALUES ?1) AS v`

// Due implements work.Claims. Like next it reads outside of SQLite's only
// writer.
func (s *Store) Due(ctx context.Context, kinds []string, now time.Time) (map[string]work.Due, error) {
	out := map[string]work.Due{}
	if len(kinds) == 0 {
		return out, nil
	}
	var rows []struct {
		Kind        string
		Jobs, Alone bool
	}
	if err := s.due(kinds, now).Conn(s.db.Reader()).Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("looking for jobs that are due: %w", err)
	}
	for _, r := range rows {
		if r.Jobs || r.Alone {
			out[r.Kind] = work.Due{Jobs: r.Jobs, Alone: r.Alone}
		}
	}
	return out, nil
}

func (s *Store) due(kinds []string, now time.Time) *bun.RawQuery {
	values := make(sqldb.Rows, len(kinds))
	for i, k := range kinds {
		values[i] = []any{k}
	}
	return s.db.NewRaw(due, now, values)
}

// claimTries is how often a claim looks again when others were faster.
const claimTries = 5

// Claim implements work.Claims. What it looked up may have been claimed by
// another process meanwhile; then it looks again.
func (s *Store) Claim(ctx context.Context, r work.ClaimRequest) ([]work.Stored, error) {
	r.Limit = min(r.Limit, work.MaxClaim)
	if r.Limit < 1 {
		return nil, nil
	}
	for range claimTries {
		ids, err := s.next(ctx, r)
		if err != nil {
			return nil, fmt.Errorf("looking for jobs of kind %s: %w", r.Kind, err)
		}
		if len(ids) == 0 {
			return nil, nil
		}
		claimed, err := s.take(ctx, r, ids)
		if err != nil {
			return nil, fmt.Errorf("claiming jobs of kind %s: %w", r.Kind, err)
		}
		if len(claimed) > 0 {
			return claimed, nil
		}
	}
	return nil, nil
}

// next reads outside of SQLite's only writer, so looking in vain disturbs
// nobody.
func (s *Store) next(ctx context.Context, r work.ClaimRequest) (ids []int64, err error) {
	err = s.turns(r).Conn(s.db.Reader()).Scan(ctx, &ids)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return ids, err
}

func (s *Store) turns(r work.ClaimRequest) *bun.RawQuery {
	query := strings.Replace(next, "HEADS", heads(r.Limit), 1)
	if r.Alone {
		query = nextAlone
	}
	return s.db.NewRaw(query, r.Kind, r.Now, r.Limit)
}

// take claims those of the jobs that are still to be had.
func (s *Store) take(ctx context.Context, r work.ClaimRequest, ids []int64) ([]work.Stored, error) {
	var rows []row
	err := s.db.Within(ctx, func(ctx context.Context) error {
		_, err := s.db.On(ctx).NewUpdate().Model(&rows).Set("state = ?", work.Running).Set("owner = ?", r.Owner).Set("token = token + 1").
			Set("leased_until = ?", r.Until).Set("changed_on = ?", r.Now).
			Where("id IN (?)", s.free(
				s.db.NewSelect().TableExpr("work_jobs").Column("id").
					Where("id IN (?) AND state = 'ready' AND alone = ?", bun.List(ids), r.Alone),
			)).
			Returning("*").Exec(ctx)
		if err != nil || len(rows) == 0 {
			return err
		}
		served := turns(rows, r)
		_, err = s.db.On(ctx).NewInsert().Model(&served).On("CONFLICT (kind, tenant) DO UPDATE").Set("served_at = EXCLUDED.served_at").Returning("NULL").Exec(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(rows, func(a, b row) int { return cmp.Compare(slices.Index(ids, a.ID), slices.Index(ids, b.ID)) })
	return stored(rows), nil
}

// turn is when a tenant was served last, in microseconds of Unix time.
type turn struct {
	bun.BaseModel `bun:"table:work_turns,alias:w"`
	Kind          string
	Tenant        int64
	ServedAt      int64
}

// turns are the tenants of the rows, in one order for all processes, so that
// no two of them wait for each other.
func turns(rows []row, r work.ClaimRequest) []turn {
	tenants := make([]int64, len(rows))
	for i, s := range rows {
		tenants[i] = s.Tenant
	}
	slices.Sort(tenants)
	var out []turn
	for _, t := range slices.Compact(tenants) {
		out = append(out, turn{Kind: r.Kind, Tenant: t, ServedAt: r.Now.UnixMicro()})
	}
	return out
}
