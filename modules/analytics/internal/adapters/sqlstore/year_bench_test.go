package sqlstore_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"parley/modules/analytics/internal/adapters/httpv1"
	"parley/modules/analytics/internal/adapters/sqlstore"
	"parley/modules/analytics/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/clock"
	"parley/platform/sqldb"
	"parley/platform/web"
	"parley/platform/webtest"
)

// yearOperations are the paths of all operations.
var yearOperations = []string{
	"tokens/date", "tokens/segment", "tokens/user", "tokens/agent", "tokens/team", "query-count/date", "query-count/segment", "total-count",
	"chat-engagement/daily", "chat-engagement/weekly", "chat-engagement/monthly", "user-engagement", "chatlog-tokens/daily", "chatlog-tokens/weekly", "chatlog-tokens/monthly",
	"agent-engagement", "engagement/team", "engagement/user", "recent-agents", "recent-users",
}

// yearFilters are what the operations are asked with, each time with another id.
// A part is what an admin of three teams sees.
var yearFilters = []struct {
	name, token string
	of          func(r *rand.Rand) string
}{
	{"all", "all", func(*rand.Rand) string { return "" }},
	{"agent", "all", func(r *rand.Rand) string { return fmt.Sprint("&agent_id=", r.IntN(yearAgents)+1) }},
	{"team", "all", func(r *rand.Rand) string { return fmt.Sprint("&team_id=", r.IntN(9)+1) }},
	{"project", "all", func(r *rand.Rand) string { return fmt.Sprint("&project_id=", r.IntN(50)+1) }},
	{"user", "all", func(r *rand.Rand) string { return fmt.Sprint("&user_id=", r.IntN(200)+1) }},
	{"source", "all", func(r *rand.Rand) string { return "&query_source=" + []string{"web", "api"}[r.IntN(2)] }},
	{"model", "all", func(r *rand.Rand) string { return "&model=" + []string{"large", "small", "other"}[r.IntN(3)] }},
	{"part", "part", func(*rand.Rand) string { return "" }},
	{"part+source", "part", func(*rand.Rand) string { return "&query_source=web" }},
	{"10,000 rows", "all", func(*rand.Rand) string { return "&limit=10000" }},
}

// limited are the operations whose lists are cut off.
func limited(path string) bool {
	return strings.HasSuffix(path, "/user") || strings.HasSuffix(path, "/team") || strings.HasSuffix(path, "/agent") || strings.HasPrefix(path, "recent") || path == "agent-engagement"
}

// BenchmarkYear asks all operations over HTTP, without a network, about 90 and 365
// of the days of Asia/Kathmandu, of a year of work.
func BenchmarkYear(b *testing.B) {
	dbs := yearDBs(b)
	var rows []string
	before := load()
	defer func() {
		showYear(b, fmt.Sprintf("%d requests each; load average %s at the beginning, %s at the end", *yearRounds, before, load()), rows)
	}()
	for _, engine := range []string{"sqlite", "postgres"} {
		if dbs[engine] == nil {
			continue
		}
		b.Run(engine, func(b *testing.B) {
			s := newYearServer(b, dbs[engine])
			for _, days := range []int{90, 365} {
				for _, path := range yearOperations {
					for _, f := range yearFilters {
						if strings.HasPrefix(f.name, "10,000") && !limited(path) {
							continue
						}
						for _, clients := range []int{1, 8} {
							if clients > 1 && (f.name != "all" || path != "chat-engagement/daily" && path != "engagement/user") {
								continue
							}
							what := f.name
							if clients > 1 {
								what = fmt.Sprintf("%d at once", clients)
							}
							b.Run(fmt.Sprintf("%d/%s/%s", days, strings.ReplaceAll(path, "/", "."), what), func(b *testing.B) {
								m := s.measure(b, clients, func(r *rand.Rand) (token, url string) {
									return f.token, fmt.Sprintf("/api/analytics/%s?tz=Asia/Kathmandu&days=%d%s", path, days, f.of(r))
								})
								m.report(b)
								rows = append(rows, fmt.Sprintf("| %s\t| %s\t| %d\t| %s\t| %.1f\t| %.1f\t| %.1f\t| %.1f\t| %.1f\t|", path, what, days, engine, m.p50, m.p99, m.cpu, m.database, m.cold))
							})
						}
					}
				}
			}
		})
	}
}

// showYear prints a table of what was measured.
func showYear(b *testing.B, how string, rows []string) {
	b.Helper()
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 1, ' ', 0)
	lines := append([]string{"", how, "", "| operation\t| of\t| days\t| database\t| p50 ms\t| p99 ms\t| CPU ms\t| database CPU ms\t| cold ms\t|", "|---\t|---\t|---\t|---\t|---\t|---\t|---\t|---\t|---\t|"}, rows...)
	if _, err := fmt.Fprintln(w, strings.Join(lines, "\n")); err != nil {
		b.Error(err)
	}
	if err := w.Flush(); err != nil {
		b.Error(err)
	}
}

// load is how many processes want to run: the mean of the last minutes, of the
// last five and fifteen.
func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(text))[:3], " ")
}

// yearServer is the API over a database.
type yearServer struct {
	db   *sqldb.DB
	warm http.Handler
}

func newYearServer(b *testing.B, db *sqldb.DB) *yearServer {
	b.Helper()
	s := &yearServer{db: db}
	s.warm = s.fresh(b)
	return s
}

// fresh is a process that has nothing in memory.
func (s *yearServer) fresh(b *testing.B) http.Handler {
	b.Helper()
	part := actor.Actor{UserID: 8, OrganizationID: 1}
	for _, team := range []int64{2, 5, 7} {
		part.Grants = append(part.Grants, actor.Grant{Resource: actor.Team, ID: team, Role: actor.Admin})
	}
	server, err := web.New(web.Config{
		Routes: httpv1.New(core.New(sqlstore.New(s.db), clock.NewFixed(yearEnd))).Routes(), Log: slog.New(slog.DiscardHandler),
		Authenticator: webtest.Actors{"all": {UserID: 1, OrganizationID: 1, Level: actor.GlobalAdmin}, "part": part},
	})
	if err != nil {
		b.Fatal(err)
	}
	return server
}

// measured is milliseconds: of the clock, and of processors for one request.
type measured struct{ p50, p99, cpu, database, cold float64 }

func (m measured) report(b *testing.B) {
	b.ReportMetric(m.p50, "p50-ms")
	b.ReportMetric(m.p99, "p99-ms")
	b.ReportMetric(m.cpu, "cpu-ms")
	b.ReportMetric(m.database, "database-cpu-ms")
	b.ReportMetric(m.cold, "cold-ms")
}

// measure asks once in each of some fresh processes, and then again and again in
// one that lasts.
func (s *yearServer) measure(b *testing.B, clients int, next func(r *rand.Rand) (token, url string)) (m measured) {
	b.Helper()
	r := rand.New(rand.NewPCG(3, 4))
	once := func(h http.Handler, token, url string) time.Duration {
		request := httptest.NewRequestWithContext(context.Background(), http.MethodGet, url, nil)
		request.Header.Set("Authorization", "Bearer "+token)
		answer, began := httptest.NewRecorder(), time.Now()
		h.ServeHTTP(answer, request)
		took := time.Since(began)
		if answer.Code != http.StatusOK {
			b.Errorf("%s: %d %s", url, answer.Code, answer.Body)
		}
		return took
	}
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	for b.Loop() {
		var cold []time.Duration
		for range min(3, *yearRounds/50+1) {
			token, url := next(r)
			cold = append(cold, once(s.fresh(b), token, url))
		}
		token, url := next(r)
		once(s.warm, token, url)
		took := make([]time.Duration, *yearRounds)
		urls := make([][2]string, len(took))
		for i := range urls {
			urls[i][0], urls[i][1] = next(r)
		}
		began, database := cpu(), s.backends(b)
		var wait sync.WaitGroup
		for c := range clients {
			wait.Go(func() {
				for i := c; i < len(took); i += clients {
					took[i] = once(s.warm, urls[i][0], urls[i][1])
				}
			})
		}
		wait.Wait()
		m.cpu, m.database = ms(cpu()-began)/float64(len(took)), ms(s.backends(b)-database)/float64(len(took))
		slices.Sort(took)
		slices.Sort(cold)
		m.p50, m.p99, m.cold = ms(took[len(took)/2]), ms(took[len(took)*99/100]), ms(cold[len(cold)/2])
	}
	return m
}

// backends is what PostgreSQL's processes for the database have used, where they
// are on this machine.
func (s *yearServer) backends(b *testing.B) (used time.Duration) {
	b.Helper()
	if !s.db.Postgres() {
		return 0
	}
	var pids []int
	if err := s.db.NewRaw("SELECT pid FROM pg_stat_activity WHERE datname = current_database()").Scan(context.Background(), &pids); err != nil {
		b.Fatal(err)
	}
	for _, pid := range pids {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			continue
		}
		// After the name, which is in parentheses: user and system time are the 12th
		// and the 13th field, in hundredths of a second.
		_, rest, _ := strings.Cut(string(stat), ") ")
		fields := strings.Fields(rest)
		var user, system int64
		if _, err := fmt.Sscan(fields[11]+" "+fields[12], &user, &system); err != nil {
			b.Fatal(err)
		}
		used += time.Duration(user+system) * 10 * time.Millisecond
	}
	return used
}
