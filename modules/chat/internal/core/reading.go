package core

import (
	"context"
	"errors"

	"parley/modules/chat"
	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/apperr"
	"parley/platform/kernel/event"
	"parley/platform/kernel/uow"
)

// Who may read content is decided here and nowhere else: its user; and a
// global admin, as long as a content grant that they made lives, unless the
// user is a global admin. It is decided anew in each request, by who reader
// and user are at that moment. A grant lets nobody write.

// ErrReadOnly answers a write to what only a content grant lets the caller see.
var ErrReadOnly = apperr.New(apperr.Forbidden, "chat.read_only", "Your content grant lets you read this and nothing more.")

// Deciders decide about answers, threads and content grants.
func (s *Service) Deciders() access.Deciders {
	return access.Deciders{
		{Resource: actor.Answer, May: func(ctx context.Context, who actor.Actor, id int64, do access.Action) error {
			_, grant, err := s.mayReadRun(ctx, who, id)
			return viewOnly(grant, do, err)
		}},
		{Resource: actor.Thread, May: func(ctx context.Context, who actor.Actor, id int64, do access.Action) error {
			_, grant, err := s.mayReadThread(ctx, who, id)
			return viewOnly(grant, do, err)
		}},
		{Resource: actor.ContentGrant, May: func(ctx context.Context, who actor.Actor, id int64, do access.Action) error {
			_, err := s.usable(ctx, who, id)
			if do != access.Run && errors.Is(err, ErrGrantUnusable) {
				return nil
			}
			return err
		}},
	}
}

// viewOnly refuses everything but reading to who sees something through a grant.
func viewOnly(grant int64, do access.Action, err error) error {
	if err == nil && grant != 0 && do != access.View {
		return ErrReadOnly
	}
	return err
}

// ownThread answers a thread of the caller's, for a write.
func (s *Service) ownThread(ctx context.Context, who actor.Actor, id int64) (Thread, error) {
	t, err := s.Store.Thread(ctx, who.UserID, id)
	return t, s.refusedThread(ctx, who, id, err)
}

// refusedRun is the error of a write to a run that was looked for among the
// caller's own: ErrReadOnly in the place of ErrNotFound when a content grant
// lets them see it.
func (s *Service) refusedRun(ctx context.Context, who actor.Actor, id int64, err error) error {
	if errors.Is(err, ErrNotFound) {
		if _, _, err = s.grantedRun(ctx, who, id); err == nil {
			return ErrReadOnly
		}
	}
	return err
}

// refusedThread does so with a thread.
func (s *Service) refusedThread(ctx context.Context, who actor.Actor, id int64, err error) error {
	if errors.Is(err, ErrNotFound) {
		if _, _, err = s.grantedThread(ctx, who, id); err == nil {
			return ErrReadOnly
		}
	}
	return err
}

// readRun answers a run whose content the caller is about to get. When that is
// through a content grant, it is in the audit log and told of from here on.
func (s *Service) readRun(ctx context.Context, who actor.Actor, id int64) (Run, int64, error) {
	r, grant, err := s.mayReadRun(ctx, who, id)
	if err != nil || grant == 0 {
		return r, grant, err
	}
	return r, grant, s.tell(ctx, chat.ContentRead{
		GrantID: grant, OrganizationID: r.OrganizationID, ReaderID: who.UserID, UserID: r.UserID, AgentID: r.AgentID, ThreadID: r.ThreadID, AgentResponseID: r.ID,
	})
}

// readThread does so with a thread.
func (s *Service) readThread(ctx context.Context, who actor.Actor, id int64) (Thread, error) {
	t, grant, err := s.mayReadThread(ctx, who, id)
	if err != nil || grant == 0 {
		return t, err
	}
	return t, s.tell(ctx, chat.ContentRead{
		GrantID: grant, OrganizationID: t.OrganizationID, ReaderID: who.UserID, UserID: t.UserID, AgentID: t.AgentID, ThreadID: t.ID,
	})
}

// tell commits that content is read through a grant. The entry of the audit
// log goes with it, even when there was nothing to read: without it nothing is
// answered.
func (s *Service) tell(ctx context.Context, reads ...chat.ContentRead) error {
	return s.Unit.Do(ctx, func(_ context.Context, tx uow.Tx) error {
		facts := make([]event.Event, len(reads))
		for i, r := range reads {
			facts[i] = r
		}
		tx.Publish(facts...)
		return nil
	})
}

// mayReadRun answers a run that the caller may read at this moment, and the
// grant that lets them; 0 for one of their own. Any other is ErrNotFound.
func (s *Service) mayReadRun(ctx context.Context, who actor.Actor, id int64) (Run, int64, error) {
	r, err := s.Store.Run(ctx, who.UserID, id)
	if !errors.Is(err, ErrNotFound) {
		return r, 0, err
	}
	return s.grantedRun(ctx, who, id)
}

// mayReadThread does so with a thread.
func (s *Service) mayReadThread(ctx context.Context, who actor.Actor, id int64) (Thread, int64, error) {
	t, err := s.Store.Thread(ctx, who.UserID, id)
	if !errors.Is(err, ErrNotFound) {
		return t, 0, err
	}
	return s.grantedThread(ctx, who, id)
}

func (s *Service) grantedRun(ctx context.Context, who actor.Actor, id int64) (Run, int64, error) {
	return throughGrant(ctx, s, who, id, s.Store.GrantedRun, func(r Run) int64 { return r.UserID })
}

func (s *Service) grantedThread(ctx context.Context, who actor.Actor, id int64) (Thread, int64, error) {
	return throughGrant(ctx, s, who, id, s.Store.GrantedThread, func(t Thread) int64 { return t.UserID })
}

// throughGrant answers what a content grant of the caller's lets them read at
// this moment, and which grant; ErrNotFound when none does. It costs a
// statement when the caller is a global admin, and none for anybody else.
func throughGrant[V any](
	ctx context.Context, s *Service, who actor.Actor, id int64, find func(context.Context, Holder, int64) (V, int64, error), user func(V) int64,
) (V, int64, error) {
	var none V
	if !who.IsGlobalAdmin() || who.UserID == 0 {
		return none, 0, ErrNotFound
	}
	v, grant, err := find(ctx, Holder{OrganizationID: who.OrganizationID, UserID: who.UserID, Now: s.Clock.Now()}, id)
	if err != nil {
		return none, 0, err
	}
	level, err := s.Askers.Level(ctx, who.OrganizationID, user(v))
	switch {
	case apperr.KindOf(err) == apperr.NotFound, err == nil && level == actor.GlobalAdmin:
		return none, 0, ErrNotFound
	case err != nil:
		return none, 0, err
	}
	return v, grant, nil
}
