package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"parley/modules/users/internal/core"
	"parley/platform/kernel/jsonout"
	"parley/platform/kernel/page"
	"parley/platform/sqldb"
)

type auditRow struct {
	bun.BaseModel  `bun:"table:users_audit,alias:a"`
	ID             int64
	OrganizationID int64
	UserID         int64
	KeyID          int64
	At             time.Time
	Action         string
	Target         string
	Subjects       string // JSON, or ""
	Detail         string
	FromAddress    string
	Outcome        string
	Status         int64
	Code           string
	RequestID      string
	Count          int64
	LastAt         *time.Time
	Position       int64
}

func toAuditRow(e core.AuditEntry) auditRow {
	var subjects jsonout.Text
	if len(e.Subjects) > 0 {
		subjects.Any(e.Subjects)
	}
	return auditRow{
		ID: e.ID, OrganizationID: e.OrganizationID, UserID: e.UserID, KeyID: e.KeyID, At: e.At, Action: e.Action, Target: e.Target,
		Subjects: string(subjects.Bytes), Detail: e.Detail, FromAddress: e.FromAddress, Outcome: e.Outcome, Status: e.Status, Code: e.Code, RequestID: e.RequestID,
		Count: e.Count, LastAt: e.LastAt, Position: e.Position,
	}
}

func (r auditRow) entry() core.AuditEntry {
	e := core.AuditEntry{
		ID: r.ID, OrganizationID: r.OrganizationID, UserID: r.UserID, KeyID: r.KeyID, At: r.At, Action: r.Action, Target: r.Target,
		Detail: r.Detail, FromAddress: r.FromAddress, Outcome: r.Outcome, Status: r.Status, Code: r.Code, RequestID: r.RequestID,
		Count: r.Count, LastAt: r.LastAt, Position: r.Position,
	}
	if json.Unmarshal([]byte(r.Subjects), &e.Subjects) != nil {
		e.Subjects = nil
	}
	return e
}

// AddAudit implements core.AuditStore.
func (s *Store) AddAudit(ctx context.Context, entries ...core.AuditEntry) error {
	rows := make([]auditRow, len(entries))
	for i, e := range entries {
		rows[i] = toAuditRow(e)
	}
	if err := s.db.InsertLast(ctx, sqldb.Insert{Rows: &rows, Without: "id"}); err != nil {
		return fmt.Errorf("writing the audit log: %w", err)
	}
	return nil
}

// AuditPage implements core.AuditStore.
func (s *Store) AuditPage(ctx context.Context, org int64, f core.AuditFilter, p page.Request) (page.Of[core.AuditEntry], error) {
	return s.audit.Page(ctx, p, sqldb.Order[core.AuditEntry]{Time: "at", Desc: true, Key: core.AuditKey}, auditWhere(org, f)...)
}

func auditWhere(org int64, f core.AuditFilter) []sqldb.Where {
	where := []sqldb.Where{sqldb.Eq("organization_id", org)}
	if f.UserID != 0 {
		where = append(where, sqldb.Eq("user_id", f.UserID))
	}
	if f.Action != "" {
		where = append(where, sqldb.Eq("action", f.Action))
	}
	if f.From != nil {
		where = append(where, sqldb.Cond("at >= ?", f.From.UTC()))
	}
	if f.To != nil {
		where = append(where, sqldb.Cond("at < ?", f.To.UTC()))
	}
	return where
}

// AddRefusals implements core.AuditStore.
func (s *Store) AddRefusals(ctx context.Context, entries []core.AuditEntry) ([]int64, error) {
	added, err := s.audit.AddAll(ctx, entries)
	if err != nil {
		return nil, err
	}
	ids := make([]int64, len(added))
	for i, e := range added {
		ids[i] = e.ID
	}
	return ids, nil
}

// CountRefusals implements core.AuditStore.
func (s *Store) CountRefusals(ctx context.Context, counts []core.RefusalCount) error {
	if len(counts) == 0 {
		return nil
	}
	at := "?"
	if s.db.Postgres() {
		at = "?::timestamptz"
	}
	args := make([]any, 0, 3*len(counts))
	for _, c := range counts {
		args = append(args, c.ID, c.More, c.LastAt)
	}
	row := "(?, ?, " + at + ")"
	// Both databases call the columns of VALUES so.
	_, err := s.db.On(ctx).NewRaw("UPDATE users_audit SET count = users_audit.count + v.column2, last_at = v.column3, position = 0 FROM (VALUES "+
		row+strings.Repeat(", "+row, len(counts)-1)+") AS v WHERE users_audit.id = v.column1", args...).Exec(ctx)
	if err != nil {
		return fmt.Errorf("counting refusals: %w", err)
	}
	return nil
}

// NumberAudit implements core.AuditStore. The counter's row is locked from the
// first statement to the commit, so that positions are committed in their order.
func (s *Store) NumberAudit(ctx context.Context, limit int) (fresh, last int64, err error) {
	err = s.db.Within(ctx, func(ctx context.Context) error {
		lock := ""
		if s.db.Postgres() {
			lock = " FOR UPDATE"
		}
		db := s.db.On(ctx)
		if err := db.NewRaw("SELECT position FROM users_audit_feed"+lock).Scan(ctx, &last); err != nil {
			return fmt.Errorf("locking the feed of the audit log: %w", err)
		}
		res, err := db.NewRaw(`UPDATE users_audit SET position = n.next FROM
			(SELECT u.id, ? + row_number() OVER (ORDER BY u.id) AS next FROM (SELECT id FROM users_audit WHERE position = 0 ORDER BY id LIMIT ?) AS u) AS n
			WHERE users_audit.id = n.id`, last, limit).Exec(ctx)
		if err != nil {
			return fmt.Errorf("numbering the audit log: %w", err)
		}
		if fresh, err = res.RowsAffected(); err != nil || fresh == 0 {
			return err
		}
		last += fresh
		if _, err := db.NewRaw("UPDATE users_audit_feed SET position = ?", last).Exec(ctx); err != nil {
			return fmt.Errorf("numbering the audit log: %w", err)
		}
		return nil
	})
	return fresh, last, err
}

// AuditFeed implements core.AuditStore.
func (s *Store) AuditFeed(ctx context.Context, org int64, f core.AuditFilter, after, top int64, limit int) ([]core.AuditEntry, error) {
	where := append(auditWhere(org, f), sqldb.Cond("position > ?", max(after, 0)), sqldb.Cond("position <= ?", top))
	return s.audit.List(ctx, limit, "position", where...)
}

// PruneAudit implements core.AuditStore.
func (s *Store) PruneAudit(ctx context.Context, before time.Time, limit int) (int64, error) {
	res, err := s.db.On(ctx).NewRaw(`DELETE FROM users_audit WHERE id IN
		(SELECT id FROM (SELECT id, at FROM users_audit ORDER BY id LIMIT ?) AS oldest WHERE at < ?)`, limit, before).Exec(ctx)
	if err != nil {
		return 0, fmt.Errorf("removing old entries of the audit log: %w", err)
	}
	return res.RowsAffected()
}
