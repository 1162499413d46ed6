package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"parley/modules/users"
	"parley/modules/users/internal/adapters/sqlstore"
	"parley/modules/users/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/page"
	"parley/platform/migrate"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

// heard keeps the statements that a store sends.
type heard struct {
	mu   sync.Mutex
	said []string
}

// BeforeQuery implements bun.QueryHook.
func (h *heard) BeforeQuery(ctx context.Context, e *bun.QueryEvent) context.Context {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !slices.Contains([]string{"BEGIN", "COMMIT", "ROLLBACK"}, e.Query) { // those have no plan
		h.said = append(h.said, e.Query)
	}
	return ctx
}

// AfterQuery implements bun.QueryHook.
func (h *heard) AfterQuery(context.Context, *bun.QueryEvent) {}

func (h *heard) take() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	said := h.said
	h.said = nil
	return said
}

// crowd fills a database with organizations of equal size.
func crowd(t testing.TB, db *sqldb.DB, organizations, people int) {
	t.Helper()
	numbers := func(from, to int) string {
		return fmt.Sprintf("WITH RECURSIVE n(i) AS (SELECT %d UNION ALL SELECT i + 1 FROM n WHERE i < %d)", from, to)
	}
	org := fmt.Sprintf("1 + i %% %d", organizations)
	at := "'2026-05-01 12:00:00+00:00'"
	if db.Postgres() {
		at += "::timestamptz"
	}
	run := func(statement string) {
		t.Helper()
		if _, err := db.ExecContext(context.Background(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	run(numbers(1, organizations) + " INSERT INTO users_organizations (org_name, domain, is_deleted, created_by, created_on, modified_by, modified_on) SELECT 'o', 'd' || i, false, '', " + at + ", '', " + at + " FROM n")
	const part = 100_000 // which no time limit of a statement is too short for
	for from := 1; from <= organizations*people; from += part {
		to := min(from+part-1, organizations*people)
		run(numbers(from, to) + " INSERT INTO users_users (organization_id, email, is_staff, is_superuser, is_active, date_joined, first_name) SELECT " + org + ", 'u' || i || '@example.com', false, i % 1000 = 0, i % 10 <> 0, " + at + ", 'name' || i FROM n")
		for _, statement := range []string{
			"INSERT INTO users_addresses (address, holder) SELECT email, 'user/' || id FROM users_users",
			"INSERT INTO users_credentials (user_id, password_hash, session_epoch) SELECT id, 'h', 1 FROM users_users",
			"INSERT INTO users_permissions (organization_id, user_id, resource_type, resource_id, role, created_by, created_on, modified_by, modified_on) SELECT organization_id, id, 'team', id % 1000, 'member', '', " + at + ", '', " + at + " FROM users_users",
			"INSERT INTO users_api_keys (organization_id, user_id, name, hash, hint, scope_kind, scope_groups, created_by, created_on, modified_by, modified_on) SELECT organization_id, id, 'k', 'h' || id, '', 'all', '', '', " + at + ", '', " + at + " FROM users_users",
			"INSERT INTO users_audit (organization_id, user_id, key_id, at, action, target, subjects, detail, from_address, outcome, status, code, request_id) SELECT organization_id, id, 0, " + at + ", 'a', 't', '', '', '', 'done', 200, '', '' FROM users_users",
		} {
			run(fmt.Sprintf("%s WHERE id BETWEEN %d AND %d", statement, from, to))
		}
	}
	run("INSERT INTO users_counts (organization_id, is_active, users) SELECT organization_id, is_active, count(*) FROM users_users GROUP BY organization_id, is_active")
	run("ANALYZE")
}

// wholeTable is what a plan says that reads a whole table.
var wholeTable = map[bool]*regexp.Regexp{
	true:  regexp.MustCompile(`Seq Scan on users_(users|addresses|permissions|credentials|api_keys|audit)\b`),
	false: regexp.MustCompile(`SCAN (u|p|c|k|a|users_[a-z_]+)\b`),
}

func TestNothingReadsAWholeTable(t *testing.T) {
	dbtest.Each(t, []migrate.Set{sqlstore.Migrations()}, func(t *testing.T, db *sqldb.DB) {
		crowd(t, db, 20, 1000)
		store := sqlstore.New(db)
		listening := &heard{}
		db.AddQueryHook(listening)
		ctx := t.Context()
		off, from := false, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		fifty := page.Request{Size: 50}
		cursor := page.Request{Size: 50, Cursor: page.EncodeCursor(page.Key{ID: 9000, At: from})}
		some, err := store.Permissions(ctx, 3, actor.Team, []int64{2}, nil)
		if err != nil || len(some) == 0 {
			t.Fatal(some, err)
		}
		filter := users.UserFilter{
			Grants: []actor.Grant{{Resource: actor.Agent, ID: 2, Role: actor.Member}, {Resource: actor.Project, ID: 2, Role: actor.Admin}, {Resource: actor.Team, ID: 2, Role: actor.Member}},
			Users:  []int64{4002}, GlobalAdmins: true,
		}
		discard := func(_ any, err error) error { return err }
		refused := func(err error) error {
			if !errors.Is(err, core.ErrEmailTaken) {
				return fmt.Errorf("not refused: %w", err)
			}
			return nil
		}
		for name, read := range map[string]func() error{
			"users by ids":                    func() error { return discard(store.Users(ctx, 3, []int64{4002, 4022, 9})) },
			"the first page of the suspended": func() error { return discard(store.UsersPage(ctx, 3, core.Filter{IsActive: &off}, fifty)) },
			"a page behind the last": func() error {
				return discard(store.UsersPage(ctx, 3, core.Filter{}, page.Request{Size: 50, Number: 99}))
			},
			"by cursor":                        func() error { return discard(store.UsersPage(ctx, 3, core.Filter{}, cursor)) },
			"by cursor, the suspended":         func() error { return discard(store.UsersPage(ctx, 3, core.Filter{IsActive: &off}, cursor)) },
			"by cursor, a text":                func() error { return discard(store.UsersPage(ctx, 3, core.Filter{Text: "name7"}, cursor)) },
			"by cursor, a team":                func() error { return discard(store.UsersPage(ctx, 3, core.Filter{TeamID: 7}, cursor)) },
			"ids of global admins":             func() error { return discard(store.GlobalAdminIDs(ctx, 3, 100)) },
			"global admins":                    func() error { return discard(store.GlobalAdmins(ctx, 3, 100)) },
			"who acts":                         func() error { return discard(store.Identity(ctx, 4002)) },
			"who signs in":                     func() error { return discard(store.CredentialByEmail(ctx, "u4002@example.com")) },
			"whose key it is":                  func() error { return discard(store.KeyOwner(ctx, "h4002")) },
			"a user's keys":                    func() error { return discard(store.KeysPage(ctx, 3, 4002, fifty)) },
			"a permission":                     func() error { return discard(store.Permission(ctx, 3, some[0].ID)) },
			"roles on a resource":              func() error { return discard(store.Permissions(ctx, 3, actor.Team, []int64{7, 8}, nil)) },
			"roles on one resource, by cursor": func() error { return discard(store.RolesPage(ctx, 3, actor.Team, 2, cursor)) },
			"roles on one resource, counted":   func() error { return discard(store.RolesPage(ctx, 3, actor.Team, 2, fifty)) },
			"the roles of some": func() error {
				return discard(store.RolesOf(ctx, 3, []int64{2, 22, 42}, []users.On{{Resource: actor.Team, ID: 2}, {Resource: actor.Project, ID: 3}}))
			},
			"how many hold roles":        func() error { return discard(store.RoleCounts(ctx, 3, actor.Team, []int64{2, 22, 42})) },
			"the first roles":            func() error { return discard(store.FirstRoles(ctx, 3, actor.Team, []int64{2, 22, 42}, 10)) },
			"a user filter, by cursor":   func() error { return discard(store.PeoplePage(ctx, 3, filter, cursor)) },
			"a user filter, counted":     func() error { return discard(store.PeoplePage(ctx, 3, filter, fifty)) },
			"an address that is free":    func() error { return store.Claim(ctx, "guide@example.com", "agent/1") },
			"another address":            func() error { return store.Claim(ctx, "helper@example.com", "agent/1") },
			"an address that is not":     func() error { return refused(store.Claim(ctx, "u4002@example.com", "agent/1")) },
			"addresses of who goes":      func() error { return store.Release(ctx, []string{"user/4003", "user/4004", "agent/1"}) },
			"the audit log":              func() error { return discard(store.AuditPage(ctx, 3, core.AuditFilter{}, cursor)) },
			"the audit log of a user":    func() error { return discard(store.AuditPage(ctx, 3, core.AuditFilter{UserID: 4002}, cursor)) },
			"the audit log since a time": func() error { return discard(store.AuditPage(ctx, 3, core.AuditFilter{From: &from}, cursor)) },
		} {
			listening.take()
			if err := read(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			statements := listening.take()
			if len(statements) == 0 {
				t.Errorf("%s: no statement was seen", name)
			}
			for _, statement := range statements {
				if p := strings.Join(dbtest.Plan(t, db.Reader(), db.Postgres(), statement), "\n"); wholeTable[db.Postgres()].MatchString(p) {
					t.Errorf("%s: %s\n%s", name, statement, p)
				}
			}
		}
	})
}

func TestThePreparedPageOfUsersReadsNoWholeTable(t *testing.T) {
	dbtest.Each(t, []migrate.Set{sqlstore.Migrations()}, func(t *testing.T, db *sqldb.DB) {
		crowd(t, db, 2, 10_000) // each has half of the table
		conn, err := db.DB.DB.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		statement := strings.NewReplacer("$1", "2", "$2", "51", "$3", "100").Replace(sqlstore.PageOfAll)
		if db.Postgres() {
			// The plan for any values, with which PostgreSQL goes on after five.
			for _, s := range []string{"SET plan_cache_mode = force_generic_plan", "PREPARE page_of_all (bigint, bigint, bigint) AS " + sqlstore.PageOfAll} {
				if _, err := conn.ExecContext(t.Context(), s); err != nil {
					t.Fatal(err)
				}
			}
			statement = "EXECUTE page_of_all (2, 51, 100)"
		}
		if p := strings.Join(dbtest.Plan(t, conn, db.Postgres(), statement), "\n"); wholeTable[db.Postgres()].MatchString(p) || strings.Contains(p, "Sort") {
			t.Error(p)
		}
	})
}
