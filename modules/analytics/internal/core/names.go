package core

import "context"

// Name is what a user, a team, a project or an agent is called.
type Name struct {
	ID             int64
	OrganizationID int64
	Kind           Kind
	EntityID       int64
	Name           string
}

// Names keeps what users, teams, projects and agents are called. Only those of
// users are personal.
type Names interface {
	// SetNames stores names, each in the place of an earlier one. Of several of
	// one thing the last one counts.
	SetNames(ctx context.Context, names []Name) error
	// ForgetName removes a name, if it is there.
	ForgetName(ctx context.Context, organizationID int64, k Kind, entityID int64) error
	// Names answers the names of those that have one, by id.
	Names(ctx context.Context, organizationID int64, k Kind, ids []int64) (map[int64]string, error)
}

// SetNames records what things are called from now on. A name that an event does
// not tell, because it is older than that field, changes nothing.
func (s *Service) SetNames(ctx context.Context, names ...Name) error {
	var known []Name
	for _, n := range names {
		if n.Name != "" {
			known = append(known, n)
		}
	}
	if len(known) == 0 {
		return nil
	}
	return s.store.SetNames(ctx, known)
}

// ForgetUser removes what a user is called. The figures stay.
func (s *Service) ForgetUser(ctx context.Context, organizationID, userID int64) error {
	return s.store.ForgetName(ctx, organizationID, User, userID)
}
