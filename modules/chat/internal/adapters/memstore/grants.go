package memstore

import (
	"context"
	"slices"
	"time"

	"parley/modules/chat/internal/core"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
)

func oneGrant(org, id int64) func(core.Grant) bool {
	return func(g core.Grant) bool { return g.OrganizationID == org && g.ID == id }
}

func is(id *int64, want int64) bool { return id != nil && *id == want }

// AddGrant implements core.Grants.
func (s *Store) AddGrant(ctx context.Context, g core.Grant) (core.Grant, error) {
	return s.grants.Add(ctx, g)
}

// Grant implements core.Grants.
func (s *Store) Grant(ctx context.Context, org, id int64) (core.Grant, error) {
	return s.grants.Get(ctx, oneGrant(org, id))
}

// UpdateGrant implements core.Grants.
func (s *Store) UpdateGrant(ctx context.Context, org, id int64, change func(*core.Grant) error) (core.Grant, error) {
	return s.grants.Update(ctx, change, oneGrant(org, id))
}

// GrantsPage implements core.Grants.
func (s *Store) GrantsPage(ctx context.Context, org int64, f core.GrantFilter, p page.Request) (page.Of[core.Grant], error) {
	return s.grants.Page(ctx, p, true, core.ByGrant, func(g core.Grant) bool {
		return g.OrganizationID == org && (f.UserID == 0 || is(g.UserID, f.UserID)) && (f.AgentID == 0 || is(g.AgentID, f.AgentID)) &&
			(f.IsLive == nil || *f.IsLive == g.Live(f.Now))
	})
}

// opening answers the first grant of the holder's on content of an agent and a
// user of their organization, or core.ErrNotFound.
func (s *Store) opening(ctx context.Context, h core.Holder, org, user, agent int64) (int64, error) {
	found, err := s.grants.List(ctx, func(g core.Grant) bool {
		return org == h.OrganizationID && g.OrganizationID == org && g.GrantedTo == h.UserID && g.Live(h.Now) && (is(g.UserID, user) || is(g.AgentID, agent))
	})
	if err != nil || len(found) == 0 {
		return 0, core.ErrNotFound
	}
	return found[0].ID, nil
}

// GrantedRun implements core.Grants.
func (s *Store) GrantedRun(ctx context.Context, h core.Holder, id int64) (core.Run, int64, error) {
	r, err := s.runs.Get(ctx, func(r core.Run) bool { return r.ID == id && !r.IsDeleted })
	if err != nil {
		return core.Run{}, 0, err
	}
	if _, err := s.threads.Get(ctx, func(t core.Thread) bool { return t.ID == r.ThreadID && !t.IsDeleted }); err != nil {
		return core.Run{}, 0, err
	}
	grant, err := s.opening(ctx, h, r.OrganizationID, r.UserID, r.AgentID)
	if err != nil {
		return core.Run{}, 0, err
	}
	return r, grant, nil
}

// GrantedThread implements core.Grants.
func (s *Store) GrantedThread(ctx context.Context, h core.Holder, id int64) (core.Thread, int64, error) {
	t, err := s.threads.Get(ctx, func(t core.Thread) bool { return t.ID == id && !t.IsDeleted })
	if err != nil {
		return core.Thread{}, 0, err
	}
	grant, err := s.opening(ctx, h, t.OrganizationID, t.UserID, t.AgentID)
	if err != nil {
		return core.Thread{}, 0, err
	}
	return t, grant, nil
}

// GrantedThreadsPage implements core.Grants.
func (s *Store) GrantedThreadsPage(
	ctx context.Context,
	g core.Grant,
	agentID int64,
	without []int64,
	source string,
	p page.Request,
) (page.Of[core.Thread], error) {
	return s.threads.Page(ctx, p, true, core.ByActivity, func(t core.Thread) bool {
		return t.OrganizationID == g.OrganizationID && t.AgentID == agentID &&
			(is(g.UserID, t.UserID) || is(g.AgentID, t.AgentID)) && !slices.Contains(without, t.UserID) &&
			!t.IsDeleted &&
			from(t, source)
	})
}

// ForgetGrants implements core.Grants.
func (s *Store) ForgetGrants(ctx context.Context, userID int64, now time.Time) error {
	return s.db.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		if _, err := s.grants.Delete(ctx, func(g core.Grant) bool { return is(g.UserID, userID) }); err != nil {
			return err
		}
		live, err := s.grants.List(ctx, func(g core.Grant) bool { return g.GrantedTo == userID && g.Live(now) })
		for _, g := range live {
			if _, err := s.grants.Update(ctx, func(g *core.Grant) error { g.EndedOn = &now; return nil }, oneGrant(g.OrganizationID, g.ID)); err != nil {
				return err
			}
		}
		return err
	})
}
