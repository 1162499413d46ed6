package core

import (
	"context"
	"slices"
	"strings"
	"time"

	"parley/modules/chat"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/apperr"
	"parley/platform/kernel/audit"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
)

// The errors of content grants.
var (
	ErrGrantNotFound = apperr.New(apperr.NotFound, "chat.grant_not_found", "The content grant does not exist, or you may not view it.")
	ErrGrantTarget   = apperr.New(apperr.Unprocessable, "chat.grant_target", "A content grant is on one user or on one agent: send either user_id or agent_id.")
	ErrGrantReason   = apperr.New(apperr.Unprocessable, "chat.grant_reason", "A content grant needs a reason: say why the content has to be read.")
	ErrGrantExpiry   = apperr.New(
		apperr.Unprocessable,
		"chat.grant_expiry",
		"A content grant ends within 7 days: expires_on must be in the future and at most 7 days ahead.",
	)
	ErrGrantOnAdmin  = apperr.New(apperr.Forbidden, "chat.grant_on_global_admin", "The content of global admins can't be opened by a content grant.")
	ErrGrantUnusable = apperr.New(apperr.Forbidden, "chat.grant_unusable", "The content grant has ended, or another global admin made it; make one of your own.")
	ErrGrantEnded    = apperr.New(apperr.Conflict, "chat.grant_ended", "The content grant has ended already.")
)

// maxGrant is the longest that a grant may last.
const maxGrant = 7 * 24 * time.Hour

// Grant lets one global admin read the content of a user, or of all users with
// one agent, until it expires or is ended. It never lets them write.
type Grant struct {
	ID             int64
	OrganizationID int64
	GrantedTo      int64 // the global admin who made it, and nobody else
	UserID         *int64
	AgentID        *int64 // nil when UserID is set, and set when it is nil
	Reason         string
	ExpiresOn      time.Time
	EndedOn        *time.Time // when it was ended before it expired
	audit.Audit
}

// Live reports whether the grant has not ended.
func (g Grant) Live(now time.Time) bool { return g.EndedOn == nil && now.Before(g.ExpiresOn) }

// ByGrant is the order of grants: newest first.
func ByGrant(g Grant) page.Key { return page.Key{ID: g.ID} }

// GrantFilter narrows a list of grants; zero fields match everything.
type GrantFilter struct {
	UserID, AgentID int64
	// IsLive is whether the grants live at Now.
	IsLive *bool
	Now    time.Time
}

// Holder is a global admin who looks for what their grants let them read at a
// moment.
type Holder struct {
	OrganizationID, UserID int64
	Now                    time.Time
}

// Grants keeps content grants. What they let somebody read is neither deleted
// nor in a deleted thread, and of the organization.
type Grants interface {
	AddGrant(ctx context.Context, g Grant) (Grant, error)
	// Grant answers ErrGrantNotFound for another organization's.
	Grant(ctx context.Context, organizationID, id int64) (Grant, error)
	// UpdateGrant changes one; ErrGrantNotFound as Grant.
	UpdateGrant(ctx context.Context, organizationID, id int64, change func(*Grant) error) (Grant, error)
	// GrantsPage is the organization's, newest first.
	GrantsPage(ctx context.Context, organizationID int64, f GrantFilter, p page.Request) (page.Of[Grant], error)
	// GrantedRun and GrantedThread answer what a live grant of the holder's
	// lets them read, with the first such grant, in one statement; ErrNotFound
	// when none does.
	GrantedRun(ctx context.Context, h Holder, id int64) (Run, int64, error)
	GrantedThread(ctx context.Context, h Holder, id int64) (Thread, int64, error)
	// GrantedThreadsPage is the threads with an agent that a grant is on, but
	// for those of some users, ordered and filtered as by ThreadsPage.
	GrantedThreadsPage(ctx context.Context, g Grant, agentID int64, without []int64, querySource string, p page.Request) (page.Of[Thread], error)
	// ForgetGrants removes the grants on a user and ends the user's own.
	ForgetGrants(ctx context.Context, userID int64, now time.Time) error
}

// NewGrant is a grant as it is asked for.
type NewGrant struct {
	UserID, AgentID *int64
	Reason          string
	ExpiresOn       time.Time
}

func (n NewGrant) check(now time.Time) error {
	switch {
	case n.UserID == nil && n.AgentID == nil:
		return ErrGrantTarget.WithField("user_id", "is missing, as is agent_id")
	case n.UserID != nil && n.AgentID != nil:
		return ErrGrantTarget.WithField("agent_id", "can't stand beside user_id")
	case n.Reason == "":
		return ErrGrantReason.WithField("reason", "is empty")
	case !now.Before(n.ExpiresOn):
		return ErrGrantExpiry.WithField("expires_on", "is not in the future")
	case n.ExpiresOn.After(now.Add(maxGrant)):
		return ErrGrantExpiry.WithField("expires_on", "is more than 7 days ahead")
	}
	return nil
}

// CreateGrant lets the caller, a global admin, read the content of a user who
// is none, or of all users with an agent. The user is told.
func (s *Service) CreateGrant(ctx context.Context, who actor.Actor, n NewGrant) (Grant, error) {
	now := s.Clock.Now()
	n.Reason = strings.TrimSpace(n.Reason)
	if err := n.check(now); err != nil {
		return Grant{}, err
	}
	if err := s.grantable(ctx, who, n); err != nil {
		return Grant{}, err
	}
	g := Grant{
		OrganizationID: who.OrganizationID, GrantedTo: who.UserID, UserID: n.UserID, AgentID: n.AgentID, Reason: n.Reason, ExpiresOn: n.ExpiresOn,
		Audit: audit.New(who.Name(), now),
	}
	err := s.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
		var err error
		if g, err = s.Store.AddGrant(ctx, g); err != nil {
			return err
		}
		tx.Publish(chat.ContentGrantCreated{
			GrantID: g.ID, OrganizationID: g.OrganizationID, GrantedTo: g.GrantedTo, UserID: orZero(g.UserID), AgentID: orZero(g.AgentID), ExpiresOn: g.ExpiresOn,
		})
		return nil
	})
	return g, err
}

// grantable answers nil when a grant may be on what is asked for.
func (s *Service) grantable(ctx context.Context, who actor.Actor, n NewGrant) error {
	if n.AgentID != nil {
		_, err := s.Agents.View(ctx, who, *n.AgentID)
		return err
	}
	level, err := s.Askers.Level(ctx, who.OrganizationID, *n.UserID)
	if err == nil && level == actor.GlobalAdmin {
		return ErrGrantOnAdmin
	}
	return err
}

// Grants answers the grants of the organization, to its global admins.
func (s *Service) Grants(ctx context.Context, who actor.Actor, f GrantFilter, p page.Request) (page.Of[Grant], error) {
	f.Now = s.Clock.Now()
	return s.Store.GrantsPage(ctx, who.OrganizationID, f, p)
}

// EndGrant ends a grant at once. Every global admin of the organization may.
func (s *Service) EndGrant(ctx context.Context, who actor.Actor, id int64) (Grant, error) {
	if !who.IsGlobalAdmin() {
		return Grant{}, ErrGrantNotFound
	}
	var g Grant
	err := s.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
		var err error
		now := s.Clock.Now()
		g, err = s.Store.UpdateGrant(ctx, who.OrganizationID, id, func(g *Grant) error {
			if !g.Live(now) {
				return ErrGrantEnded
			}
			g.EndedOn = &now
			g.Touch(who.Name(), now)
			return nil
		})
		if err != nil {
			return err
		}
		uow.AtEnd(ctx, s.GrantsChanged)
		tx.Publish(chat.ContentGrantEnded{
			GrantID: g.ID, OrganizationID: g.OrganizationID, GrantedTo: g.GrantedTo, UserID: orZero(g.UserID), AgentID: orZero(g.AgentID), EndedBy: who.UserID,
		})
		return nil
	})
	return g, err
}

// usable answers a live grant of the caller's own. Another global admin's and
// one that has ended are known to them, and not theirs to use.
func (s *Service) usable(ctx context.Context, who actor.Actor, id int64) (Grant, error) {
	if !who.IsGlobalAdmin() {
		return Grant{}, ErrGrantNotFound
	}
	g, err := s.Store.Grant(ctx, who.OrganizationID, id)
	if err == nil && (g.GrantedTo != who.UserID || !g.Live(s.Clock.Now())) {
		return Grant{}, ErrGrantUnusable
	}
	return g, err
}

// GrantedThreads answers the threads with an agent that a grant of the
// caller's lets them read.
func (s *Service) GrantedThreads(ctx context.Context, who actor.Actor, agentID, grant int64, querySource string, p page.Request) (page.Of[Thread], error) {
	if _, err := s.Agents.View(ctx, who, agentID); err != nil {
		return page.Of[Thread]{}, err
	}
	g, err := s.usable(ctx, who, grant)
	if err != nil {
		return page.Of[Thread]{}, err
	}
	admins, err := s.Askers.GlobalAdminIDs(ctx, who.OrganizationID)
	if err != nil {
		return page.Of[Thread]{}, err
	}
	found, err := s.Store.GrantedThreadsPage(ctx, g, agentID, admins, querySource, p)
	if err != nil {
		return found, err
	}
	var reads []chat.ContentRead
	for _, t := range found.Items {
		if !slices.ContainsFunc(reads, func(r chat.ContentRead) bool { return r.UserID == t.UserID }) {
			reads = append(reads, chat.ContentRead{GrantID: g.ID, OrganizationID: g.OrganizationID, ReaderID: who.UserID, UserID: t.UserID, AgentID: agentID})
		}
	}
	return found, s.tell(ctx, reads...)
}

func orZero(id *int64) int64 {
	if id == nil {
		return 0
	}
	return *id
}
