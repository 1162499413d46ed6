package sqlstore_test

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"syscall"
	"testing"
	"time"

	"parley/modules/analytics/internal/adapters/sqlstore"
	"parley/modules/analytics/internal/core"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/money"
	"parley/platform/kernel/uow"
	"parley/platform/migrate"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

var (
	yearRuns    = flag.Int("year-runs", 200_000, "runs of a year that BenchmarkYear makes")
	yearDays    = flag.Int("year-days", 400, "days that BenchmarkYear makes")
	yearRounds  = flag.Int("year-rounds", 100, "how often BenchmarkYear asks each question")
	yearFile    = flag.String("year-sqlite", "", "a database that BenchmarkYear keeps, made when missing")
	intakeFacts = flag.Int("intake-facts", 1_000_000, "facts that BenchmarkIntake takes in")
	sealRuns    = flag.Int("seal-runs", 20_000, "runs of the year that BenchmarkSeal seals")
	yearURL     = flag.String("year-postgres", "", "a database that BenchmarkYear keeps, filled when empty")
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

// BenchmarkYear asks what the operations ask, over 90 and 365 days of the days of
// Asia/Kathmandu, of a year of work.
func BenchmarkYear(b *testing.B) {
	dbs := map[string]*sqldb.DB{}
	var empty []*sqldb.DB
	for _, engine := range []string{"sqlite", "postgres"} {
		db := yearDB(b, engine)
		rows, err := sqlstore.New(db).Ask(context.Background(), core.Question{
			Selection: core.Selection{Scope: core.Scope{OrganizationID: 1, All: true}, From: yearEnd.AddDate(-2, 0, 0), Until: yearEnd},
		})
		if err != nil {
			b.Fatal(err)
		}
		if dbs[engine] = db; len(rows) == 0 {
			empty = append(empty, db)
		}
	}
	if len(empty) > 0 {
		fill(b, empty...)
	}
	for _, engine := range []string{"sqlite", "postgres"} {
		b.Run(engine, func(b *testing.B) {
			for _, days := range []int{90, 365} {
				for _, c := range operations(days) {
					b.Run(fmt.Sprintf("%d/%s", days, c.name), func(b *testing.B) { measure(b, dbs[engine], c.ask) })
				}
			}
		})
	}
}

// BenchmarkIntake takes a million facts in, as a consumer that is behind does: 128
// events in a transaction.
func BenchmarkIntake(b *testing.B) {
	for name, open := range map[string]func(testing.TB, ...migrate.Set) *sqldb.DB{"sqlite": dbtest.SQLite, "postgres": dbtest.Postgres} {
		b.Run(name, func(b *testing.B) {
			db := open(b, sqlstore.Migrations())
			unit := sqldb.NewUnit(db, nil, clock.System{})
			service := core.New(sqlstore.New(db), clock.NewFixed(yearEnd))
			y := newYear(10_000_000)
			const atOnce = 300 // of 128 runs
			for b.Loop() {
				var all []core.Fact
				for quarter := core.QuarterOf(yearEnd); len(all) < *intakeFacts; quarter++ {
					all = append(all, y.facts(quarter)...)
				}
				began, spent := time.Now(), cpu()
				for part := range slices.Chunk(all, atOnce) {
					err := unit.Do(context.Background(), func(ctx context.Context, _ uow.Tx) error { return service.Record(ctx, part...) })
					if err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(len(all))/time.Since(began).Seconds(), "facts/s")
				b.ReportMetric(float64((cpu()-spent).Microseconds())/float64(len(all)), "cpu-µs/fact")
			}
		})
	}
}

// BenchmarkSeal seals a year, as the first sealing after an upgrade does.
func BenchmarkSeal(b *testing.B) {
	for name, open := range map[string]func(testing.TB, ...migrate.Set) *sqldb.DB{"sqlite": dbtest.SQLite, "postgres": dbtest.Postgres} {
		b.Run(name, func(b *testing.B) {
			ctx := context.Background()
			for b.Loop() {
				db := open(b, sqlstore.Migrations())
				service := core.New(sqlstore.New(db), clock.NewFixed(yearEnd))
				y, last, n := newYear(*sealRuns), core.QuarterOf(yearEnd), 0
				var part []core.Fact
				for quarter := last - 365*96; quarter <= last; quarter++ {
					if part = append(part, y.facts(quarter)...); len(part) > 2000 || quarter == last {
						if err := service.Record(ctx, part...); err != nil {
							b.Fatal(err)
						}
						n, part = n+len(part), nil
					}
				}
				began, spent := time.Now(), cpu()
				if err := sqlstore.New(db).Seal(ctx, 1, yearEnd); err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(time.Since(began).Seconds(), "s")
				b.ReportMetric((cpu() - spent).Seconds(), "cpu-s")
				b.ReportMetric(float64(n), "facts")
			}
		})
	}
}

func yearDB(b *testing.B, engine string) *sqldb.DB {
	b.Helper()
	c := sqldb.Config{File: *yearFile}
	if engine == "postgres" {
		c = sqldb.Config{URL: *yearURL, StatementTimeout: 10 * time.Minute}
	}
	if c.File == "" && c.URL == "" {
		return map[string]func(testing.TB, ...migrate.Set) *sqldb.DB{"sqlite": dbtest.SQLite, "postgres": dbtest.Postgres}[engine](b, sqlstore.Migrations())
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

type operation struct {
	name string
	ask  func(ctx context.Context, s core.Store, r *rand.Rand) error
}

// operations are what the API's ask, each as narrow and as wide as it comes.
func operations(days int) []operation {
	zone := time.FixedZone("Asia/Kathmandu", (5*60+45)*60)
	today := time.Date(2026, 11, 20, 0, 0, 0, 0, zone)
	day := func(i int) time.Time { return today.AddDate(0, 0, 1-days+i) }
	between := func(step int) (cuts []time.Time) {
		for i := step; i < days; i += step {
			cuts = append(cuts, day(i))
		}
		return cuts
	}
	scope := core.Scope{OrganizationID: 1, All: true}
	sel := core.Selection{Scope: scope, From: day(0), Until: day(days)}
	ask := func(q core.Question, narrow func(q *core.Question, r *rand.Rand)) func(context.Context, core.Store, *rand.Rand) error {
		return func(ctx context.Context, s core.Store, r *rand.Rand) error {
			q := q
			if q.OrganizationID == 0 {
				q.Selection = sel
			}
			if narrow != nil {
				narrow(&q, r)
			}
			_, err := s.Ask(ctx, q)
			return err
		}
	}
	engagement := func(narrow func(*core.EngagementQuestion, *rand.Rand)) func(context.Context, core.Store, *rand.Rand) error {
		return func(ctx context.Context, s core.Store, r *rand.Rand) error {
			q := core.EngagementQuestion{Scope: scope}
			for i := -core.LookBack; i <= days; i++ {
				q.Bounds = append(q.Bounds, day(i))
			}
			if narrow != nil {
				narrow(&q, r)
			}
			_, err := s.Engagement(ctx, q)
			return err
		}
	}
	agent := func(q *core.Question, r *rand.Rand) { q.AgentID = r.Int64N(yearAgents) + 1 }
	team := func(q *core.Question, r *rand.Rand) {
		q.Scope = core.Scope{OrganizationID: 1, Teams: []int64{r.Int64N(9) + 1}}
	}
	board := core.Question{By: core.ByUser, Threads: true, Days: between(1)}
	return []operation{
		{"tokens-date", ask(core.Question{Cuts: between(1)}, nil)},
		{"tokens-date-agent", ask(core.Question{Cuts: between(1)}, agent)},
		{"tokens-date-user", ask(core.Question{Cuts: between(1)}, func(q *core.Question, r *rand.Rand) { q.UserID = r.Int64N(200) + 1 })},
		{"tokens-segment-model", ask(core.Question{By: core.ByModel}, nil)},
		{"tokens-user", ask(core.Question{By: core.ByUser}, nil)},
		{"tokens-user-team", ask(core.Question{By: core.ByUser}, team)},
		{"tokens-agent", ask(core.Question{By: core.ByAgent}, nil)},
		{"total-count", ask(core.Question{Users: true, Threads: true}, nil)},
		{"total-count-team", ask(core.Question{Users: true, Threads: true}, team)},
		{"chat-engagement-daily", ask(core.Question{Cuts: between(1), Users: true, Threads: true}, nil)},
		{"chat-engagement-daily-team", ask(core.Question{Cuts: between(1), Users: true, Threads: true}, team)},
		{"chat-engagement-weekly", ask(core.Question{Cuts: between(7), Users: true, Threads: true}, nil)},
		{"user-engagement", engagement(nil)},
		{"user-engagement-team", engagement(func(q *core.EngagementQuestion, r *rand.Rand) {
			q.Scope = core.Scope{OrganizationID: 1, Teams: []int64{r.Int64N(9) + 1}}
		})},
		{"agent-engagement", ask(core.Question{By: core.ByAgent, Threads: true, Days: between(1)}, nil)},
		{"engagement-user", ask(board, nil)},
		{"engagement-user-agent", ask(board, agent)},
		{"recent-users", ask(core.Question{By: core.ByUser}, nil)},
	}
}

// measure asks many times: from a process that has nothing in memory, and then
// again and again.
func measure(b *testing.B, db *sqldb.DB, ask func(context.Context, core.Store, *rand.Rand) error) {
	b.Helper()
	r := rand.New(rand.NewPCG(3, 4))
	once := func(s core.Store) time.Duration {
		began := time.Now()
		if err := ask(context.Background(), s, r); err != nil {
			b.Fatal(err)
		}
		return time.Since(began)
	}
	for b.Loop() {
		var cold []time.Duration
		for range 5 {
			cold = append(cold, once(sqlstore.New(db)))
		}
		store := sqlstore.New(db)
		once(store)
		took, began := make([]time.Duration, *yearRounds), cpu()
		for i := range took {
			took[i] = once(store)
		}
		spent := cpu() - began
		slices.Sort(took)
		slices.Sort(cold)
		ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
		b.ReportMetric(ms(took[len(took)/2]), "p50-ms")
		b.ReportMetric(ms(took[len(took)*99/100]), "p99-ms")
		b.ReportMetric(ms(spent)/float64(len(took)), "cpu-ms")
		b.ReportMetric(ms(cold[len(cold)/2]), "cold-ms")
	}
}

// cpu is what this process has used. It tells more than the clock where others
// work on the machine, but leaves out what PostgreSQL does.
func cpu() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
