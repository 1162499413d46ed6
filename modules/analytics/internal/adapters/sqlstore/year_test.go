package sqlstore_test

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"parley/modules/analytics/internal/adapters/sqlstore"
	"parley/modules/analytics/internal/core"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/money"
	"parley/platform/migrate"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

var (
	yearRuns   = flag.Int("year-runs", 200_000, "runs of a year that BenchmarkYear makes")
	yearDays   = flag.Int("year-days", 400, "days that BenchmarkYear makes")
	yearRounds = flag.Int("year-rounds", 200, "how often BenchmarkYear asks each question")
	yearFile   = flag.String("year-sqlite", "", "a database that BenchmarkYear keeps, made when missing")
	yearURL    = flag.String("year-postgres", "", "a database that BenchmarkYear keeps, filled when empty")
)

const (
	yearUsers  = 20_000
	yearAgents = 200
)

// year makes the facts of an organization in order of time: people at work, who
// ask a few questions in a thread, each of few agents of their own.
type year struct {
	r       *rand.Rand
	run     int64
	thread  int64
	pending map[int64][]question // by quarter
	perDay  float64
	agents  *rand.Zipf
}

type question struct {
	thread, user, agent int64
	source              string
	left                int
}

func newYear(runsAYear int) *year {
	r := rand.New(rand.NewPCG(1, 2))
	return &year{r: r, pending: map[int64][]question{}, perDay: float64(runsAYear) / 365, agents: rand.NewZipf(r, 1.1, 4, yearAgents-1)}
}

// hours are how much of a day's work begins in each hour of UTC.
var hours = [24]float64{1, 1, 1, 2, 3, 5, 7, 9, 10, 10, 8, 8, 9, 9, 8, 7, 5, 4, 3, 3, 2, 2, 1, 1}

func (y *year) facts(quarter int64) []core.Fact {
	begin := time.Unix(quarter*15*60, 0).UTC()
	weight := hours[begin.Hour()] / 119 / 4
	if d := begin.Weekday(); d == time.Saturday || d == time.Sunday {
		weight /= 4
	} else {
		weight *= 1.3
	}
	asked := y.pending[quarter]
	delete(y.pending, quarter)
	const perThread = 4
	fresh := y.perDay * weight / perThread
	n := int(fresh)
	if y.r.Float64() < fresh-float64(n) {
		n++
	}
	var facts []core.Fact
	for range n {
		y.thread++
		user := int64(y.r.IntN(yearUsers)) + 1
		if y.r.IntN(2) == 0 { // half of the work is done by a fifth of the people
			user = int64(y.r.IntN(yearUsers/5)) + 1
		}
		q := question{thread: y.thread, user: user, agent: (int64(y.agents.Uint64())+user*int64(y.r.IntN(5)))%yearAgents + 1, source: "web", left: 1 + y.r.IntN(2*perThread-1)}
		switch p := y.r.IntN(100); {
		case p < 3:
			q.source = core.Evaluation
		case p < 30:
			q.source = "api"
		case p < 35:
			q.source = "mail"
		}
		at := begin.Add(time.Duration(y.r.Int64N(int64(15 * time.Minute))))
		facts = append(facts, y.fact(q, fmt.Sprintf("thread/%d", q.thread), at, func(f *core.Fact) { f.Threads, f.QuerySource, f.AgentType = 1, "", "" }))
		asked = append(asked, q)
	}
	for i := 0; i < len(asked); i++ {
		q := asked[i]
		at := begin.Add(time.Duration(y.r.Int64N(int64(15 * time.Minute))))
		facts = append(facts, y.asked(q, at)...)
		if q.left--; q.left > 0 {
			switch y.r.IntN(10) {
			case 0:
				y.pending[quarter+int64(y.r.IntN(200))+1] = append(y.pending[quarter+int64(y.r.IntN(200))+1], q)
			case 1, 2, 3:
				y.pending[quarter+1] = append(y.pending[quarter+1], q)
			default:
				asked = append(asked, q)
			}
		}
	}
	return facts
}

func (y *year) fact(q question, origin string, at time.Time, change func(*core.Fact)) core.Fact {
	f := core.Fact{
		Origin: origin, OrganizationID: 1, TeamID: q.agent % 10, ProjectID: q.agent%50 + 1, AgentID: q.agent, UserID: q.user, ThreadID: q.thread,
		AgentType: []string{"rag", "sql"}[q.agent%2], QuerySource: q.source, OccurredOn: clock.Stored(at),
	}
	change(&f)
	return f
}

func (y *year) asked(q question, at time.Time) []core.Fact {
	y.run++
	model := []string{"large", "small", "other"}[q.agent%3]
	origin := fmt.Sprintf("run/%d", y.run)
	facts := []core.Fact{y.fact(q, origin, at, func(f *core.Fact) { f.Runs, f.Model, f.State = 1, model, "completed" })}
	use := func(n int, model string, in, out int64) {
		facts = append(facts, y.fact(q, fmt.Sprintf("%s/%d", origin, n), at, func(f *core.Fact) {
			f.Model, f.State, f.PromptTokens, f.CompletionTokens = model, "completed", in, out
			f.Cost = money.PerMillion(150_000).Of(in).Plus(money.PerMillion(600_000).Of(out))
		}))
	}
	use(1, model, 500+y.r.Int64N(6000), 50+y.r.Int64N(900))
	if y.r.IntN(3) == 0 {
		use(2, "small", 100+y.r.Int64N(500), 5+y.r.Int64N(40))
	}
	if y.r.IntN(33) == 0 {
		facts = append(facts, y.fact(q, fmt.Sprintf("feedback/%d/1", y.run), at, func(f *core.Fact) { f.Model, f.Upvotes = model, 1 }))
	}
	return facts
}

var yearEnd = time.Date(2026, 11, 20, 9, 40, 0, 0, time.UTC)

// fill makes the segments of a year as sealing does, but without a transaction
// for each, and stores the facts that are open and those of the first users: the
// facts of one user are read by an index, whatever those of others.
func fill(b *testing.B, dbs ...*sqldb.DB) {
	b.Helper()
	const withFacts = 200
	y := newYear(*yearRuns)
	last := core.QuarterOf(yearEnd)
	writer := sqlstore.NewBulk(1)
	facts := 0
	for quarter := last - int64(*yearDays*96); quarter <= last; quarter++ {
		all := y.facts(quarter)
		for i := range all {
			all[i].Quarter = quarter
		}
		facts += len(all)
		keep := slices.Clone(all)
		if quarter < last {
			writer.Quarter(quarter, all)
			keep = slices.DeleteFunc(keep, func(f core.Fact) bool { return f.UserID > withFacts })
		}
		if err := writer.Facts(keep); err != nil {
			b.Fatal(err)
		}
		if quarter == last || quarter%200 == 0 {
			for _, db := range dbs {
				if err := writer.Store(context.Background(), db, quarter == last); err != nil {
					b.Fatal(err)
				}
			}
			writer.Stored()
		}
	}
	b.Logf("%d runs, %d threads, %d facts", y.run, y.thread, facts)
}

// yearDBs are the databases that were named, or one of each kind that is thrown
// away, with a year in each.
func yearDBs(b *testing.B) map[string]*sqldb.DB {
	b.Helper()
	dbs := map[string]*sqldb.DB{}
	var empty []*sqldb.DB
	for _, engine := range []string{"sqlite", "postgres"} {
		db := yearDB(b, engine)
		if db == nil {
			continue
		}
		dbs[engine] = db
		n, err := db.NewSelect().Table("analytics_horizons").Count(context.Background())
		if err != nil {
			b.Fatal(err)
		}
		if n == 0 {
			empty = append(empty, db)
		}
	}
	if len(empty) > 0 {
		fill(b, empty...)
	}
	for _, db := range dbs {
		nameAll(b, db)
	}
	return dbs
}

// nameAll makes sure that everything exists and has a name.
func nameAll(b *testing.B, db *sqldb.DB) {
	b.Helper()
	ctx, store := context.Background(), sqlstore.New(db)
	there, err := store.CountItems(ctx, core.Scope{OrganizationID: 1, All: true})
	if err != nil || there[core.User] == yearUsers {
		return
	}
	err = db.Within(ctx, func(ctx context.Context) error {
		var names []core.Name
		for kind, n := range map[core.Kind]int64{core.User: yearUsers, core.Agent: yearAgents, core.Project: 50, core.Team: 9} {
			for id := int64(1); id <= n; id++ {
				item := core.Item{Kind: kind, EntityID: id, OrganizationID: 1}
				switch kind {
				case core.Agent:
					item.ProjectID = id%50 + 1
				case core.Project:
					item.TeamID = (id - 1) % 10
				}
				if err := store.AddItem(ctx, item); err != nil {
					return err
				}
				names = append(names, core.Name{OrganizationID: 1, Kind: kind, EntityID: id, Name: fmt.Sprintf("%s number %d", kind, id)})
			}
		}
		return store.SetNames(ctx, names)
	})
	if err != nil {
		b.Fatal(err)
	}
}

func yearDB(b *testing.B, engine string) *sqldb.DB {
	b.Helper()
	c := sqldb.Config{File: *yearFile}
	if engine == "postgres" {
		c = sqldb.Config{URL: *yearURL, StatementTimeout: 10 * time.Minute}
	}
	if *yearFile == "" && *yearURL == "" {
		return map[string]func(testing.TB, ...migrate.Set) *sqldb.DB{"sqlite": dbtest.SQLite, "postgres": dbtest.Postgres}[engine](b, sqlstore.Migrations())
	}
	if c.File == "" && c.URL == "" {
		return nil
	}
	db, err := sqldb.Open(context.Background(), c)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := db.Close(); err != nil {
			b.Error(err)
		}
	})
	if err := migrate.New(db, []migrate.Set{sqlstore.Migrations()}, slog.New(slog.DiscardHandler)).Up(context.Background()); err != nil {
		b.Fatal(err)
	}
	return db
}
