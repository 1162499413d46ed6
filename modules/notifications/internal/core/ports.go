package core

import (
	"context"
	"time"

	"parley/platform/kernel/page"
)

// Store keeps notifications. Only their user ever finds them.
type Store interface {
	MailStore
	// Add stores notifications, but for those whose user was told of the cause
	// before or is deleted, and answers those that it stored, in the order
	// given, with their ids and sequence numbers. Until the unit of ctx ends, nobody else
	// writes to the inboxes of their users, so that sequence numbers are in the
	// order of the commits.
	Add(ctx context.Context, ns []Notification) ([]Notification, error)
	// Lock keeps others from writing to the inbox of a user until the unit of
	// ctx ends.
	Lock(ctx context.Context, organizationID, userID int64) error
	// Page is the user's notifications, newest first, which is the one with the
	// highest sequence number; all of them when isRead is nil. The counters are
	// as of before it, and its count is theirs.
	Page(ctx context.Context, userID int64, isRead *bool, p page.Request) (page.Of[Notification], Counters, error)
	// After answers up to limit of the user's notifications behind a sequence
	// number, in its order, and beside them how many of all are unread, in one query.
	After(ctx context.Context, userID, sequence int64, limit int) (ns []Notification, unread int64, err error)
	// Counters answers what is kept of an inbox, in one row; the zero value for
	// one that nothing came to.
	Counters(ctx context.Context, userID int64) (Counters, error)
	// Sent answers when the nth newest of the notifications was made that the
	// sender sent to the user, from 1; false when there are fewer.
	Sent(ctx context.Context, userID, senderID int64, nth int) (time.Time, bool, error)
	// Get answers one of the user's; ErrNotFound for any other.
	Get(ctx context.Context, userID, id int64) (Notification, error)
	// Read marks one of the user's as read, and answers it; of one that is read
	// already it changes nothing. ErrNotFound for any other.
	Read(ctx context.Context, userID, id int64, on time.Time) (Notification, error)
	// ReadAll marks all of the user's as read that there are, and answers how
	// many were not. What they cost does not depend on how many they are.
	ReadAll(ctx context.Context, userID int64, on time.Time) (int64, error)
	// Trim removes up to limit of the user's notifications, up to a sequence
	// number, oldest first.
	Trim(ctx context.Context, userID, sequence int64, limit int) error
	// DeleteOf removes all of a user's, with their preferences, for good: what
	// is added later is left out.
	DeleteOf(ctx context.Context, organizationID, userID int64) error
	// Preferences answers what users have chosen, by user, in one query; who has
	// chosen nothing is left out.
	Preferences(ctx context.Context, userIDs []int64) (map[int64]Preference, error)
	// UpdatePreference changes what a user has chosen, from the zero value with
	// its ids when that is nothing.
	UpdatePreference(ctx context.Context, organizationID, userID int64, change func(*Preference) error) (Preference, error)
}

// MailStore keeps which mails wait to be sent; DeleteOf removes those of a user.
type MailStore interface {
	// WaitForMail notes that mails wait, one to a user in each mode, unless one
	// does already, and answers those that none waited for, with when the last
	// one was sent.
	WaitForMail(ctx context.Context, ws []MailWait) ([]MailWait, error)
	// EndMailWait notes that no mail waits any more, and unless it is nil when
	// one was sent. It answers what is known then; the zero value for a user
	// without any.
	EndMailWait(ctx context.Context, userID int64, mode Mail, mailed *time.Time) (MailWait, error)
}
