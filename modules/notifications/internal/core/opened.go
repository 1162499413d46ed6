package core

import (
	"context"
	"fmt"
	"time"

	"parley/modules/users"
	"parley/platform/kernel/audit"
	"parley/platform/kernel/uow"
)

// Opened is what a user is told about a content grant: that it lets a global
// admin read their conversations, or that the admin has done so.
type Opened struct {
	OrganizationID int64
	GrantID        int64
	UserID         int64     // who is told
	ReaderID       int64     // the global admin
	Until          time.Time // when the grant expires; zero when content was read
	AgentID        int64     // whose threads were read
	ThreadID       int64     // which one was read; 0 when threads were listed
}

// ContentOpened tells a user once of each content grant that opens their
// content: of one on themselves when it is made, of one on an agent when
// something of theirs is read through it for the first time. Of a user who is
// gone nobody is told. It joins the unit of tx.
func (s *Service) ContentOpened(ctx context.Context, tx uow.Tx, o Opened) error {
	people, err := s.Users.Users(ctx, o.OrganizationID, []int64{o.ReaderID, o.UserID})
	if err != nil {
		return fmt.Errorf("finding who is told of content grant %d: %w", o.GrantID, err)
	}
	reader, there := fmt.Sprintf("User %d, who is no longer there,", o.ReaderID), false
	for _, u := range people {
		switch u.ID {
		case o.UserID:
			there = true
		case o.ReaderID:
			reader = called(u)
		}
	}
	if !there {
		return nil
	}
	n := Notification{
		OrganizationID: o.OrganizationID,
		UserID:         o.UserID,
		Kind:           KindContentOpened,
		Cause:          fmt.Sprintf("content_grant/%d", o.GrantID),
		CreatedBy:      audit.System,
		CreatedOn:      s.Clock.Now(),
		Title:          "Your conversations can be read",
		Message:        fmt.Sprintf("%s may read your conversations until %s UTC (content grant %d).", reader, o.Until.UTC().Format("2006-01-02 15:04"), o.GrantID),
	}
	if o.Until.IsZero() {
		n.Title, n.Message = "Your conversations were read", fmt.Sprintf(
			"%s has read conversations of yours with agent %d (content grant %d).",
			reader,
			o.AgentID,
			o.GrantID,
		)
		if o.ThreadID != 0 {
			link := fmt.Sprintf("/api/chat-thread/%d", o.ThreadID)
			n.Link = &link
		}
	}
	_, err = s.tell(ctx, tx, n)
	return err
}

// called is what a user is called in a message, with their id.
func called(u users.User) string {
	if name := nameOf(u); name != "" {
		return fmt.Sprintf("%s (user %d)", name, u.ID)
	}
	return fmt.Sprintf("User %d", u.ID)
}
