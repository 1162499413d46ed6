package core

import (
	"context"
	"time"

	"parley/modules/users"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/page"
)

// AuditEntry is one line of the audit log: who did, or tried, what, on what,
// from where and when. It has ids and no names, so that it can outlive them.
type AuditEntry struct {
	ID             int64
	OrganizationID int64
	UserID         int64
	KeyID          int64 // 0: not by an API key
	At             time.Time
	Action         string
	Target         string
	Subjects       []string
	Detail         string // a JSON object, or ""
	FromAddress    string
	Outcome        string
	Status         int64
	Code           string
	RequestID      string
}

// AuditFilter narrows the log; zero fields match everything.
type AuditFilter struct {
	UserID   int64
	Action   string
	From, To *time.Time // To is not included
}

// AuditKey is the order of the audit log.
func AuditKey(e AuditEntry) page.Key { return page.Key{At: e.At, ID: e.ID} }

// Record appends entries, in the unit of ctx when there is one.
func (s *Service) Record(ctx context.Context, entries ...AuditEntry) error {
	now := s.Clock.Now()
	for i := range entries {
		entries[i].At = now
	}
	return s.Store.AddAudit(ctx, entries...)
}

// AuditLog answers the organization's log, newest first, to a global admin.
func (s *Service) AuditLog(ctx context.Context, who actor.Actor, f AuditFilter, p page.Request) (page.Of[AuditEntry], error) {
	return s.Store.AuditPage(ctx, who.OrganizationID, f, p)
}

// operation is one whose entries are made here: the web edge knows no caller
// of it, or does not take its refusal for one.
type operation struct {
	action, target string
	refusal        int64 // status
}

var (
	signingIn        = operation{"post_login_access_token", "POST /api/login/access-token", 401}
	refreshing       = operation{"post_users_refresh_access_token", "POST /api/users/refresh-access-token", 401}
	changingPassword = operation{"put_user_me_password", "PUT /api/user/me/password", 422}
	requestingReset  = operation{"post_users_password_reset", "POST /api/users/password-reset", 422}
	confirmingReset  = operation{"post_users_password_reset_confirm", "POST /api/users/password-reset/confirm", 422}
	verifyingAddress = operation{"post_users_verify_address", "POST /api/users/verify-address", 422}
)

// entry is the operation by a user, or with a code its refusal.
func (s *Service) entry(o operation, u users.User, from Attempt, code string) AuditEntry {
	e := AuditEntry{
		OrganizationID: u.OrganizationID, UserID: u.ID, At: s.Clock.Now(), Action: o.action, Target: o.target,
		Outcome: "done", Status: 200, Code: code, RequestID: from.Request,
	}
	if from.From.IsValid() {
		e.FromAddress = from.From.String()
	}
	if code != "" {
		e.Outcome, e.Status = "refused", o.refusal
	}
	return e
}
