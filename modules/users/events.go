package users

import "fmt"

// Key is the aggregate key of a user's events.
func Key(userID int64) string { return fmt.Sprintf("user/%d", userID) }

// OrganizationCreated tells that a tenant exists from now on.
type OrganizationCreated struct {
	OrganizationID int64 `json:"organization_id"`
}

// EventName implements event.Event.
func (OrganizationCreated) EventName() string { return "users.organization_created.v1" }

// AggregateKey implements event.Event.
func (e OrganizationCreated) AggregateKey() string {
	return fmt.Sprintf("organization/%d", e.OrganizationID)
}

// UserCreated tells that somebody joined. The address is blanked in the
// stored event when the user is deleted.
type UserCreated struct {
	UserID         int64  `json:"user_id"`
	OrganizationID int64  `json:"organization_id"`
	Email          string `json:"email"`
	IsStaff        bool   `json:"is_staff"`
	IsSuperuser    bool   `json:"is_superuser"`
}

// EventName implements event.Event.
func (UserCreated) EventName() string { return "users.user_created.v1" }

// AggregateKey implements event.Event.
func (e UserCreated) AggregateKey() string { return Key(e.UserID) }

// UserDeleted tells that a user is gone. What belonged to nobody but them
// goes too; what others use passes to the admin who deleted them.
type UserDeleted struct {
	UserID         int64 `json:"user_id"`
	OrganizationID int64 `json:"organization_id"`
	// DeletedBy is the admin's user id, or 0 when the server itself did it.
	DeletedBy int64 `json:"deleted_by"`
}

// EventName implements event.Event.
func (UserDeleted) EventName() string { return "users.user_deleted.v1" }

// AggregateKey implements event.Event.
func (e UserDeleted) AggregateKey() string { return Key(e.UserID) }
