// Package auditor keeps the audit log for the HTTP edge.
package auditor

import (
	"context"
	"encoding/json"
	"fmt"

	"parley/modules/users/internal/core"
	"parley/platform/auditlog"
)

// Auditor implements auditlog.Auditor.
type Auditor struct{ service *core.Service }

// New returns the auditor over the use cases.
func New(s *core.Service) *Auditor { return &Auditor{service: s} }

// Audit implements auditlog.Auditor.
func (a *Auditor) Audit(ctx context.Context, entries ...auditlog.Entry) error {
	stored := make([]core.AuditEntry, len(entries))
	for i, e := range entries {
		var err error
		if stored[i], err = toStored(e); err != nil {
			return err
		}
	}
	return a.service.Record(ctx, stored...)
}

func toStored(e auditlog.Entry) (core.AuditEntry, error) {
	entry := core.AuditEntry{
		OrganizationID: e.Who.OrganizationID, UserID: e.Who.UserID, KeyID: e.Who.KeyID, Action: e.Action, Target: e.Target, Subjects: e.Subjects,
		Outcome: e.Outcome, Status: int64(e.Status), Code: e.Code, RequestID: e.Request,
	}
	if len(e.Detail) > 0 {
		raw, err := json.Marshal(e.Detail)
		if err != nil {
			return entry, fmt.Errorf("encoding the detail of an audit entry: %w", err)
		}
		entry.Detail = string(raw)
	}
	if e.From.IsValid() {
		entry.FromAddress = e.From.String()
	}
	return entry, nil
}
