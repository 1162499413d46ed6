package users

import (
	"fmt"

	"parley/platform/kernel/event"
)

// Events are those that the module publishes; a test holds the list complete.
func Events() []event.Event {
	return []event.Event{
		OrganizationCreated{}, OrganizationChanged{},
		UserCreated{}, UserChanged{}, UserDeleted{}, EmailChanged{}, AccessChanged{}, RoleChanged{},
	}
}

// Key is the aggregate key of a user's events.
func Key(userID int64) string { return fmt.Sprintf("user/%d", userID) }

// OrganizationCreated tells that an organization was created.
type OrganizationCreated struct {
	OrganizationID int64 `json:"organization_id"`
}

// EventName implements event.Event.
func (OrganizationCreated) EventName() string { return "users.organization_created.v1" }

// AggregateKey implements event.Event.
func (e OrganizationCreated) AggregateKey() string {
	return fmt.Sprintf("organization/%d", e.OrganizationID)
}

// UserCreated tells that a user was created. Deleting the user empties the
// names and addresses in stored events.
type UserCreated struct {
	UserID         int64  `json:"user_id"`
	OrganizationID int64  `json:"organization_id"`
	Email          string `json:"email"`
	FirstName      string `json:"first_name"`
	LastName       string `json:"last_name"`
	IsStaff        bool   `json:"is_staff"`
	IsSuperuser    bool   `json:"is_superuser"`
}

// EventName implements event.Event.
func (UserCreated) EventName() string { return "users.user_created.v1" }

// AggregateKey implements event.Event.
func (e UserCreated) AggregateKey() string { return Key(e.UserID) }

// UserDeleted tells that a user was deleted. What belonged only to them is
// deleted too; what others use passes to the admin who deleted them.
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

// UserChanged tells the name, address, level and state that a user has from now
// on.
type UserChanged struct {
	UserID         int64  `json:"user_id"`
	OrganizationID int64  `json:"organization_id"`
	Email          string `json:"email"`
	FirstName      string `json:"first_name"`
	LastName       string `json:"last_name"`
	IsStaff        bool   `json:"is_staff"`
	IsSuperuser    bool   `json:"is_superuser"`
	IsActive       bool   `json:"is_active"`
}

// EventName implements event.Event.
func (UserChanged) EventName() string { return "users.user_changed.v1" }

// AggregateKey implements event.Event.
func (e UserChanged) AggregateKey() string { return Key(e.UserID) }

// EmailChanged tells that an admin gave a user another address.
type EmailChanged struct {
	UserID         int64  `json:"user_id"`
	OrganizationID int64  `json:"organization_id"`
	Email          string `json:"email"`
	OldEmail       string `json:"old_email"`
	ChangedBy      int64  `json:"changed_by"`
}

// EventName implements event.Event.
func (EmailChanged) EventName() string { return "users.email_changed.v1" }

// AggregateKey implements event.Event.
func (e EmailChanged) AggregateKey() string { return Key(e.UserID) }

// AccessChanged tells that the rights or the credentials of a user changed:
// decisions about them that are kept must be made again.
type AccessChanged struct {
	UserID         int64 `json:"user_id"`
	OrganizationID int64 `json:"organization_id"`
	// What changed: "flags", "suspension", "permission", "session" or "api_key".
	What string `json:"what"`
}

// EventName implements event.Event.
func (AccessChanged) EventName() string { return "users.access_changed.v1" }

// AggregateKey implements event.Event.
func (e AccessChanged) AggregateKey() string { return Key(e.UserID) }

// OrganizationChanged tells that an organization has another name.
type OrganizationChanged struct {
	OrganizationID int64 `json:"organization_id"`
}

// EventName implements event.Event.
func (OrganizationChanged) EventName() string { return "users.organization_changed.v1" }

// AggregateKey implements event.Event.
func (e OrganizationChanged) AggregateKey() string {
	return fmt.Sprintf("organization/%d", e.OrganizationID)
}

// RoleChanged tells that a user got a role, got another one, or lost one. Roles
// that are deleted with their resource or their user publish none.
type RoleChanged struct {
	UserID         int64  `json:"user_id"`
	OrganizationID int64  `json:"organization_id"`
	ResourceType   string `json:"resource_type"` // organization, team, project or agent
	ResourceID     int64  `json:"resource_id"`
	Role           string `json:"role"`          // "" when it was taken away
	PreviousRole   string `json:"previous_role"` // "" when there was none
	ChangedBy      int64  `json:"changed_by"`    // user id; 0 for the server
}

// EventName implements event.Event.
func (RoleChanged) EventName() string { return "users.role_changed.v1" }

// AggregateKey implements event.Event.
func (e RoleChanged) AggregateKey() string { return Key(e.UserID) }
