package core

import (
	"context"

	"parley/modules/notifications"
	"parley/platform/kernel/uow"
)

const (
	// trimEvery is how many notifications come to a full inbox before its
	// oldest are removed.
	trimEvery = 100
	// trimBatch bounds how many are removed at once.
	trimBatch = 1000
)

// tell puts notifications into inboxes, within the unit of tx, and answers
// those that got there: not what its user has muted, nor a second one of a
// cause. Followers are woken once the unit is committed.
func (s *Service) tell(ctx context.Context, tx uow.Tx, ns ...Notification) ([]Notification, error) {
	if len(ns) == 0 {
		return nil, nil
	}
	ids := make([]int64, len(ns))
	for i, n := range ns {
		ids[i] = n.UserID
	}
	chosen, err := s.Store.Preferences(ctx, ids)
	if err != nil {
		return nil, err
	}
	var wanted []Notification
	for _, n := range ns {
		if !chosen[n.UserID].Mutes(n.Kind) {
			wanted = append(wanted, n)
		}
	}
	stored, err := s.Store.Add(ctx, wanted)
	if err != nil {
		return nil, err
	}
	for _, n := range stored {
		tx.Publish(notifications.NotificationCreated{
			NotificationID: n.ID, OrganizationID: n.OrganizationID, UserID: n.UserID, Kind: n.Kind, SequenceNumber: n.Sequence, SentBy: n.SenderID,
		})
		if n.Sequence > s.InboxLimit && n.Sequence%trimEvery == 0 {
			if err := s.Store.Trim(ctx, n.UserID, n.Sequence-s.InboxLimit, trimBatch); err != nil {
				return nil, err
			}
		}
	}
	uow.AfterCommit(ctx, func() {
		for _, n := range stored {
			s.followers.wake(n.UserID, n.Sequence)
		}
	})
	return stored, nil
}
