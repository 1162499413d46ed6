package core

import (
	"context"

	"parley/platform/kernel/page"
)

// Store keeps notifications. Only their user ever finds them.
type Store interface {
	// Add stores notifications, but for those whose user was told of the
	// cause before.
	Add(ctx context.Context, ns []Notification) error
	// Page is the user's notifications, newest first; all of them when isRead
	// is nil.
	Page(ctx context.Context, userID int64, isRead *bool, p page.Request) (page.Of[Notification], error)
	// Unread counts what the user has not read.
	Unread(ctx context.Context, userID int64) (int64, error)
	// Get answers one of the user's; ErrNotFound for any other.
	Get(ctx context.Context, userID, id int64) (Notification, error)
	// Update changes one of the user's; ErrNotFound for any other.
	Update(ctx context.Context, userID, id int64, change func(*Notification) error) (Notification, error)
	// DeleteOf removes all of a user's.
	DeleteOf(ctx context.Context, userID int64) error
}
