package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"parley/modules/users/internal/core"
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
}

func toAuditRow(e core.AuditEntry) auditRow {
	subjects := ""
	if raw, err := json.Marshal(e.Subjects); err == nil && len(e.Subjects) > 0 {
		subjects = string(raw)
	}
	return auditRow{
		ID: e.ID, OrganizationID: e.OrganizationID, UserID: e.UserID, KeyID: e.KeyID, At: e.At, Action: e.Action, Target: e.Target,
		Subjects: subjects, Detail: e.Detail, FromAddress: e.FromAddress, Outcome: e.Outcome, Status: e.Status, Code: e.Code, RequestID: e.RequestID,
	}
}

func (r auditRow) entry() core.AuditEntry {
	e := core.AuditEntry{
		ID: r.ID, OrganizationID: r.OrganizationID, UserID: r.UserID, KeyID: r.KeyID, At: r.At, Action: r.Action, Target: r.Target,
		Detail: r.Detail, FromAddress: r.FromAddress, Outcome: r.Outcome, Status: r.Status, Code: r.Code, RequestID: r.RequestID,
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
	return s.audit.Page(ctx, p, sqldb.Order[core.AuditEntry]{Time: "at", Desc: true, Key: core.AuditKey}, where...)
}
