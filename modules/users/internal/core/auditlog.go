package core

import (
	"context"
	"time"

	"parley/modules/users"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
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
	// Count is how often it happened: more than once for refusals alone, of which
	// the last one was at LastAt.
	Count  int64
	LastAt *time.Time
	// Position is where the entry stands in the feed; 0 until somebody reads it.
	// An entry that is counted further moves to the feed's end.
	Position int64
}

// AuditFilter narrows the log; zero fields match everything.
type AuditFilter struct {
	UserID   int64
	Action   string
	From, To *time.Time // To is not included
}

// AuditKey is the order of the audit log.
func AuditKey(e AuditEntry) page.Key { return page.Key{At: e.At, ID: e.ID} }

// Record appends entries, in the unit of ctx when there is one. A refusal that
// is like one of the last hour is counted there instead, a few seconds later.
func (s *Service) Record(ctx context.Context, entries ...AuditEntry) error {
	now := s.Clock.Now()
	var refused []AuditEntry
	others := make([]AuditEntry, 0, len(entries))
	for _, e := range entries {
		e.At, e.Count = now, 1
		if e.Outcome == outcomeRefused && !uow.Inside(ctx) {
			refused = append(refused, e)
		} else {
			others = append(others, e)
		}
	}
	if len(refused) > 0 {
		if err := s.refuse(ctx, refused...); err != nil {
			return err
		}
	}
	if len(others) == 0 {
		return nil
	}
	return s.Store.AddAudit(ctx, others...)
}

// The outcomes that matter here.
const (
	outcomeDone    = "done"
	outcomeRefused = "refused"
)

const (
	numberAtOnce = 5_000
	// mostNumbered bounds the work of one reader; the next goes on.
	mostNumbered = 20 * numberAtOnce
)

// AuditFeed answers up to limit entries of the organization behind a position,
// in the order in which they became visible, to a global admin; and the position
// to go on from. An entry that is committed late stands behind those that were
// read before, so that a follower misses none.
func (s *Service) AuditFeed(ctx context.Context, who actor.Actor, f AuditFilter, after int64, limit int) ([]AuditEntry, int64, error) {
	top := int64(0)
	for n := int64(0); n < mostNumbered; n += numberAtOnce {
		fresh, last, err := s.Store.NumberAudit(ctx, numberAtOnce)
		if err != nil {
			return nil, after, err
		}
		if top = last; fresh < numberAtOnce {
			break
		}
	}
	found, err := s.Store.AuditFeed(ctx, who.OrganizationID, f, after, top, limit)
	if err != nil {
		return nil, after, err
	}
	if len(found) == limit {
		return found, found[limit-1].Position, nil
	}
	return found, max(after, top), nil
}

// PruneAudit removes entries that are older than the retention, at most so many
// that it ends soon, and reports whether more are left.
func (s *Service) PruneAudit(ctx context.Context, retention time.Duration) (more bool, err error) {
	const batch, most = 1_000, 20
	for range most {
		n, err := s.Store.PruneAudit(ctx, s.Clock.Now().Add(-retention), batch)
		if err != nil || n < batch {
			return false, err
		}
	}
	return true, nil
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
		Outcome: outcomeDone, Status: 200, Code: code, RequestID: from.Request, Count: 1,
	}
	if from.From.IsValid() {
		e.FromAddress = from.From.String()
	}
	if code != "" {
		e.Outcome, e.Status = outcomeRefused, o.refusal
	}
	return e
}
