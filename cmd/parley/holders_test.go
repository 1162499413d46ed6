package main

import (
	"fmt"
	"testing"

	"go.uber.org/fx"

	"parley/platform/sqldb"
)

// TestMoreThanTenThousandMembersAreCountedAndListed has 600 projects of a team
// with 20 members each, all of whom are members of the team as well.
func TestMoreThanTenThousandMembersAreCountedAndListed(t *testing.T) {
	const people, projects = 12_000, 600
	var db *sqldb.DB
	g, _ := grounds(t, fx.Populate(&db))
	c := g.by(globalAdmin)
	team := c.Do("POST", "/api/team", map[string]any{"name": "Everybody"}).Want(201).ID()
	project := c.Do("POST", "/api/project", map[string]any{"name": "First", "team": team}).Want(201).ID()
	agent := c.Do("POST", "/api/agent", map[string]any{"name": "Guide", "project_id": project, "access": "Only team"}).Want(201).ID()
	at := "'2026-05-01 12:00:00+00:00'"
	count := func(n int) string {
		return fmt.Sprintf("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) ", n)
	}
	member := "INSERT INTO users_permissions (organization_id, user_id, resource_type, resource_id, role, created_by, created_on, modified_by, modified_on) SELECT 1, id, "
	those := " FROM users_users WHERE first_name = 'Many'"
	for _, statement := range []string{
		"INSERT INTO users_users (organization_id, email, is_staff, is_superuser, is_active, date_joined, first_name) " + count(people) + "SELECT 1, '', false, false, true, " + at + ", 'Many' FROM n",
		fmt.Sprintf("INSERT INTO projects_projects (organization_id, team_id, name, description, is_deleted, agent_count, created_by, created_on, modified_by, modified_on) "+count(projects-1)+
			"SELECT 1, %d, 'Next', '', false, 0, '', %s, '', %s FROM n", team, at, at),
		fmt.Sprintf(member+"'team', %d, 'member', '', %s, '', %s"+those, team, at, at),
		fmt.Sprintf(member+"'project', %d + id %% %d, 'member', '', %s, '', %s"+those, project, projects, at, at),
	} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	type meta struct {
		Count int
		Next  *string `json:"next_cursor"`
	}
	var list []struct {
		ID    int64
		Users int `json:"user_count"`
	}
	for number, shown := range []int{500, 100} {
		c.Do("GET", fmt.Sprintf("/api/project?items_per_page=500&page=%d", number+1), nil).Want(200).Data(&list)
		if len(list) != shown {
			t.Fatalf("page %d shows %d", number+1, len(list))
		}
		for _, p := range list {
			if want := map[bool]int{true: 21, false: 20}[p.ID == project]; p.Users != want { // and who made it
				t.Errorf("project %d has %d users, want %d", p.ID, p.Users, want)
			}
		}
	}
	for path, want := range map[string]int{fmt.Sprintf("/api/team/%d/user", team): people + 1, fmt.Sprintf("/api/agent/%d/user", agent): people + 2} { // and who made it, and the other global admin
		last, met := int64(0), 0
		for cursor, more := "", true; more; {
			var rows []struct {
				User struct{ ID int64 }
				Role string
			}
			var m meta
			c.Do("GET", path+"?items_per_page=500&cursor="+cursor, nil).Want(200).Data(&rows).Meta(&m)
			for _, r := range rows {
				if met++; r.User.ID <= last || r.Role == "" {
					t.Fatalf("%s: %+v comes after %d", path, r, last)
				}
				last = r.User.ID
			}
			if more = m.Next != nil; more {
				cursor = *m.Next
			}
		}
		var rows []struct{ User struct{ ID int64 } }
		var m meta
		c.Do("GET", fmt.Sprintf("%s?items_per_page=500&page=%d", path, want/500+1), nil).Want(200).Data(&rows).Meta(&m)
		if met != want || m.Count != want || len(rows) != want%500 || rows[len(rows)-1].User.ID != last {
			t.Errorf("%s: %d are met, %d counted, %d on the last page; want %d", path, met, m.Count, len(rows), want)
		}
	}
	var details []struct {
		Users  []struct{ ID int64 }
		Counts struct{ Users int }
	}
	big := c.Do("POST", "/api/project", map[string]any{"name": "Big"}).Want(201).ID()
	if _, err := db.ExecContext(t.Context(), fmt.Sprintf(member+"'project', %d, 'member', '', %s, '', %s"+those, big, at, at)); err != nil {
		t.Fatal(err)
	}
	c.Do("POST", "/api/project/details", map[string]any{"project_ids": []int64{big, project}}).Want(200).Data(&details)
	if len(details) != 2 || len(details[0].Users) != 100 || details[0].Counts.Users != people+1 || len(details[1].Users) != 21 || details[1].Counts.Users != 21 {
		t.Errorf("the details of the big project list %d users of %d", len(details[0].Users), details[0].Counts.Users)
	}
}
