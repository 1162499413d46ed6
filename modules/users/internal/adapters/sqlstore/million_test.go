package sqlstore_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"parley/modules/users"
	"parley/modules/users/internal/adapters/sqlstore"
	"parley/modules/users/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/audit"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/page"
	"parley/platform/migrate"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

// BenchmarkAMillionUsers reads from an organization of a million people, and
// says how many times as long that takes as from one of a thousand. It fails
// when a statement would read a whole table. What is searched for is looked
// for in one person after the other until a page is full, which is at once for
// a text that many have and takes the longest for one that nobody has; and who
// counts a third of a million members looks at each. Loading takes about half a
// minute for each database.
func BenchmarkAMillionUsers(b *testing.B) {
	const few, many = 1000, 1_000_000
	for name, open := range map[string]func(testing.TB, ...migrate.Set) *sqldb.DB{"sqlite": dbtest.SQLite, "postgres": dbtest.Postgres} {
		b.Run(name, func(b *testing.B) {
			small, large := open(b, sqlstore.Migrations()), open(b, sqlstore.Migrations())
			crowd(b, small, 1, few)
			crowd(b, large, 1, many)
			gather(b, small, few)
			gather(b, large, many)
			neighbour(b, large)
			listening := &heard{}
			large.AddQueryHook(listening)
			for _, r := range peopleReads {
				b.Run(r.name, func(b *testing.B) {
					ctx := b.Context()
					run := func(db *sqldb.DB, people int64) {
						if err := r.read(ctx, sqlstore.New(db), people); err != nil {
							b.Fatal(err)
						}
					}
					for range 3 { // what both databases keep in memory is there
						run(small, few)
						run(large, many)
					}
					listening.take()
					run(large, many)
					for _, statement := range listening.take() {
						if p := strings.Join(dbtest.Plan(b, large.Reader(), large.Postgres(), statement), "\n"); !r.searches && wholeTable[large.Postgres()].MatchString(p) {
							b.Fatalf("%s\n%s", statement, p)
						}
					}
					const times = 20
					began := time.Now()
					for range times {
						run(small, few)
					}
					base := time.Since(began) / times
					for b.Loop() {
						run(large, many)
					}
					b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(base), "x-of-1000")
				})
			}
		})
	}
}

// biggest is a team with a tenth of all people.
const biggest = 7000

// gather puts every tenth person into the biggest team.
func gather(b *testing.B, db *sqldb.DB, people int) {
	b.Helper()
	if _, err := db.ExecContext(b.Context(), "UPDATE users_permissions SET resource_id = ? WHERE user_id > ?", biggest, people-people/10); err != nil {
		b.Fatal(err)
	}
	if _, err := db.ExecContext(b.Context(), "ANALYZE"); err != nil {
		b.Fatal(err)
	}
}

// neighbour adds another organization, as nobody has a million people alone.
func neighbour(b *testing.B, db *sqldb.DB) {
	b.Helper()
	now := clock.System{}.Now()
	s := sqlstore.New(db)
	o, err := s.AddOrganization(b.Context(), users.Organization{OrgName: "Next door", Domain: "next.example", Audit: audit.New("", now)})
	for range 10 {
		if err == nil {
			_, err = s.AddUser(b.Context(), users.User{OrganizationID: o.ID, IsActive: true, DateJoined: now})
		}
	}
	if err == nil {
		_, err = db.ExecContext(b.Context(), "ANALYZE")
	}
	if err != nil {
		b.Fatal(err)
	}
}

// seeing is who may view an agent of the biggest team.
var seeing = users.UserFilter{
	Grants: []actor.Grant{{Resource: actor.Agent, ID: 9, Role: actor.Member}, {Resource: actor.Project, ID: 9, Role: actor.Member}, {Resource: actor.Team, ID: biggest, Role: actor.Member}},
	Users:  []int64{1}, GlobalAdmins: true,
}

// teams are 199 of a thousand, and the biggest.
var teams = func() []int64 {
	ids := []int64{biggest}
	for id := range int64(199) {
		ids = append(ids, id)
	}
	return ids
}()

// peopleReads are what is asked of an organization of so many people.
var peopleReads = []struct {
	name     string
	searches bool
	read     func(ctx context.Context, s *sqlstore.Store, people int64) error
}{
	{"a user", false, func(ctx context.Context, s *sqlstore.Store, people int64) error {
		_, err := s.User(ctx, 1, people/2)
		return err
	}},
	{"the first 50", false, func(ctx context.Context, s *sqlstore.Store, people int64) error {
		return listed(s.UsersPage(ctx, 1, core.Filter{}, page.Request{Size: 50, ByCursor: true}))
	}},
	{"the last 50", false, func(ctx context.Context, s *sqlstore.Store, people int64) error {
		return listed(s.UsersPage(ctx, 1, core.Filter{}, page.Request{Size: 50, Cursor: page.EncodeCursor(page.Key{ID: people - 51})}))
	}},
	{"50 who are suspended", false, func(ctx context.Context, s *sqlstore.Store, people int64) error {
		off := false
		return listed(s.UsersPage(ctx, 1, core.Filter{IsActive: &off}, page.Request{Size: 50, Cursor: page.EncodeCursor(page.Key{ID: people / 3})}))
	}},
	{"the first 50, counted", false, func(ctx context.Context, s *sqlstore.Store, people int64) error {
		return listed(s.UsersPage(ctx, 1, core.Filter{}, page.Request{Size: 50}))
	}},
	{"50 with a common text", true, func(ctx context.Context, s *sqlstore.Store, people int64) error {
		return listed(s.UsersPage(ctx, 1, core.Filter{Text: "example"}, page.Request{Size: 50, ByCursor: true}))
	}},
	{"a text that nobody has", true, func(ctx context.Context, s *sqlstore.Store, people int64) error {
		_, err := s.UsersPage(ctx, 1, core.Filter{Text: "nobody at all"}, page.Request{Size: 50, ByCursor: true})
		return err
	}},
	{"50 members of the biggest team", false, func(ctx context.Context, s *sqlstore.Store, people int64) error {
		return listed(s.RolesPage(ctx, 1, actor.Team, biggest, page.Request{Size: 50, Cursor: page.EncodeCursor(page.Key{ID: people - people/20 - 1})}))
	}},
	{"50 members, counted", false, func(ctx context.Context, s *sqlstore.Store, people int64) error {
		return listed(s.RolesPage(ctx, 1, actor.Team, biggest, page.Request{Size: 50}))
	}},
	{"50 who see an agent of the team", false, func(ctx context.Context, s *sqlstore.Store, people int64) error {
		return listed(s.PeoplePage(ctx, 1, seeing, page.Request{Size: 50, Cursor: page.EncodeCursor(page.Key{ID: people - people/20 - 1})}))
	}},
	{"the first 100 of 200 teams", false, func(ctx context.Context, s *sqlstore.Store, people int64) error {
		_, err := s.FirstRoles(ctx, 1, actor.Team, teams, 100)
		return err
	}},
	{"members of 200 teams, counted", true, func(ctx context.Context, s *sqlstore.Store, people int64) error {
		_, err := s.RoleCounts(ctx, 1, actor.Team, teams)
		return err
	}},
	{"who acts", false, func(ctx context.Context, s *sqlstore.Store, people int64) error {
		_, err := s.Identity(ctx, people/2)
		return err
	}},
	{"who signs in", false, func(ctx context.Context, s *sqlstore.Store, people int64) error {
		_, err := s.CredentialByEmail(ctx, "u777@example.com")
		return err
	}},
	{"whose key it is", false, func(ctx context.Context, s *sqlstore.Store, people int64) error {
		_, err := s.KeyOwner(ctx, "h777")
		return err
	}},
	{"the newest 50 of the audit log", false, func(ctx context.Context, s *sqlstore.Store, people int64) error {
		found, err := s.AuditPage(ctx, 1, core.AuditFilter{}, page.Request{Size: 50, ByCursor: true})
		if err == nil && len(found.Items) != 50 {
			err = core.ErrNotFound
		}
		return err
	}},
}

// listed answers an error for an empty list, of which any speed is good.
func listed[T any](found page.Of[T], err error) error {
	if err == nil && len(found.Items) == 0 {
		err = core.ErrNotFound
	}
	return err
}
