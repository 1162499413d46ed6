package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"text/tabwriter"

	"parley/modules/users/usersfx"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/page"
)

type userCmd struct {
	Create        userCreate        `cmd:"" help:"Add a user to an organization."`
	List          userList          `cmd:"" help:"List the users of an organization."`
	ResetPassword userResetPassword `cmd:"" help:"Give a user another password and end their sessions."`
	Demote        userDemote        `cmd:"" help:"Take admin rights from a user."`
}

type userCreate struct {
	OrganizationID   int64  `default:"1" help:"The organization."`
	Email            string `required:"" help:"The address that the user signs in with."`
	Password         string `env:"PARLEY_NEW_USER_PASSWORD" help:"At least 8 characters."`
	FirstName        string `help:"First name."`
	LastName         string `help:"Last name."`
	ApplicationAdmin bool   `help:"Manages ordinary users, creates teams, projects and agents."`
	GlobalAdmin      bool   `help:"Manages everything in the organization."`
}

// Run creates a user of an organization, with the checks of the API.
func (u userCreate) Run(ctx context.Context) error {
	var setup usersfx.Setup
	return withApp(ctx, func(ctx context.Context, _ *base) error {
		n := usersfx.NewUser{Email: u.Email, Password: u.Password, IsStaff: u.ApplicationAdmin, IsSuperuser: u.GlobalAdmin}
		if u.FirstName != "" {
			n.FirstName = &u.FirstName
		}
		if u.LastName != "" {
			n.LastName = &u.LastName
		}
		made, err := setup.CreateUser(ctx, u.OrganizationID, n)
		if err != nil {
			return err
		}
		fmt.Printf("Created user %d: %s\n", made.ID, made.Email)
		return nil
	}, &setup)
}

type userList struct {
	OrganizationID int64 `default:"1" help:"The organization."`
}

// Run lists the users of an organization, ordered by id.
func (u userList) Run(ctx context.Context) error {
	var setup usersfx.Setup
	return withApp(ctx, func(ctx context.Context, _ *base) error {
		w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "ID\tEMAIL\tNAME\tLEVEL\tACTIVE\tJOINED")
		part := page.Request{Size: page.MaxSize, ByCursor: true}
		for {
			found, err := setup.ListUsers(ctx, u.OrganizationID, part)
			if err != nil {
				return err
			}
			for _, user := range found.Items {
				fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%t\t%s\n", user.ID, user.Email, fullName(user), user.Level(), user.IsActive, user.DateJoined.Format("2006-01-02"))
			}
			if part.Cursor = found.NextCursor; part.Cursor == "" {
				return w.Flush()
			}
		}
	}, &setup)
}

func fullName(u usersfx.User) string {
	var out string
	for _, p := range []*string{u.FirstName, u.LastName} {
		if p != nil && *p != "" {
			if out != "" {
				out += " "
			}
			out += *p
		}
	}
	return out
}

type userResetPassword struct {
	Email    string `arg:"" help:"The user's address."`
	Password string `env:"PARLEY_NEW_USER_PASSWORD" help:"At least 8 characters; without one a random password is made and printed."`
}

// Run gives a user another password.
func (u userResetPassword) Run(ctx context.Context) error {
	var setup usersfx.Setup
	return withApp(ctx, func(ctx context.Context, _ *base) error {
		password := u.Password
		if password == "" {
			password = rand.Text()
		}
		user, err := setup.ResetPassword(ctx, u.Email, password)
		if err != nil {
			return err
		}
		fmt.Printf("User %d (%s) has another password, and is signed out everywhere.\n", user.ID, user.Email)
		if u.Password == "" {
			fmt.Printf("The password is %s\n", password)
		}
		return nil
	}, &setup)
}

type userDemote struct {
	Email string `arg:"" help:"The user's address."`
	To    string `enum:"user,application-admin" default:"user" help:"What the user is then: ${enum}."`
}

// Run takes admin rights from a user.
func (u userDemote) Run(ctx context.Context) error {
	to := actor.User
	if u.To == "application-admin" {
		to = actor.ApplicationAdmin
	}
	var setup usersfx.Setup
	return withApp(ctx, func(ctx context.Context, _ *base) error {
		before, after, err := setup.Demote(ctx, u.Email, to)
		switch {
		case err != nil:
			return err
		case before.Level() == after.Level():
			fmt.Printf("User %d (%s) is %s, so nothing was taken away.\n", after.ID, after.Email, after.Level())
		default:
			fmt.Printf("User %d (%s) was %s and is now %s.\n", after.ID, after.Email, before.Level(), after.Level())
		}
		return nil
	}, &setup)
}
