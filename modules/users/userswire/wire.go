// Package userswire has the JSON shapes of people and their organization. The
// API shows them in answers of several modules; here is the one place that
// says how.
package userswire

import (
	"context"

	"parley/modules/users"
	"parley/platform/web"
)

// Organization is an organization as the API shows it.
type Organization struct {
	ID        int64  `json:"id"`
	OrgName   string `json:"org_name"`
	Domain    string `json:"domain"`
	IsDeleted bool   `json:"is_deleted"`
	web.Audit
}

// User is a user as the API shows it. The short form has only the four fields
// by which people know each other.
type User struct {
	ID           int64         `json:"id"`
	Email        string        `json:"email"`
	IsStaff      *bool         `json:"is_staff,omitempty"`
	IsSuperuser  *bool         `json:"is_superuser,omitempty"`
	IsActive     *bool         `json:"is_active,omitempty"`
	DateJoined   *web.Time     `json:"date_joined,omitempty"`
	FirstName    *string       `json:"first_name"`
	LastName     *string       `json:"last_name"`
	Organization *Organization `json:"organization,omitempty"`
}

// Person is a user beside what they did or own, with the id of their
// organization.
type Person struct {
	ID           int64   `json:"id"`
	Email        string  `json:"email"`
	FirstName    *string `json:"first_name"`
	LastName     *string `json:"last_name"`
	Organization int64   `json:"organization"`
}

// ShowOrganization shows an organization.
func ShowOrganization(o users.Organization) *Organization {
	return &Organization{ID: o.ID, OrgName: o.OrgName, Domain: o.Domain, IsDeleted: o.IsDeleted, Audit: web.ShowAudit(o.Audit)}
}

// ShowPerson shows a user beside what they did or own.
func ShowPerson(u users.User) Person {
	return Person{ID: u.ID, Email: u.Email, FirstName: u.FirstName, LastName: u.LastName, Organization: u.OrganizationID}
}

// ShowShort shows a user in the short form.
func ShowShort(u users.User) User {
	return User{ID: u.ID, Email: u.Email, FirstName: u.FirstName, LastName: u.LastName}
}

// Whole returns how users of an organization are shown with all their fields.
func Whole(ctx context.Context, d users.Directory, organizationID int64) (func(users.User) User, error) {
	o, err := d.Organization(ctx, organizationID)
	if err != nil {
		return nil, err
	}
	shown := ShowOrganization(o)
	return func(u users.User) User {
		v := ShowShort(u)
		joined := web.At(u.DateJoined)
		v.IsStaff, v.IsSuperuser, v.IsActive, v.DateJoined, v.Organization = &u.IsStaff, &u.IsSuperuser, &u.IsActive, &joined, shown
		return v
	}, nil
}
