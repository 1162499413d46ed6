package httpv1

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/url"
	"slices"
	"strconv"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"parley/modules/analytics/internal/adapters/memstore"
	"parley/modules/analytics/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/money"
	"parley/platform/memory"
	"parley/platform/webtest"
)

// places are zones with odd days, shortly after one: clocks that turn at midnight
// or by half an hour, a date that is left out, offsets of quarters, and both ends
// of the date line.
var places = []struct{ zone, day string }{
	{"UTC", "2026-03-01"}, {"Europe/Berlin", "2026-03-30"}, {"America/New_York", "2026-11-02"}, {"America/St_Johns", "2026-03-09"}, {"America/Santiago", "2026-09-07"},
	{"America/Santiago", "2026-04-06"}, {"America/Havana", "2026-03-09"}, {"America/Havana", "2026-11-02"}, {"America/Sao_Paulo", "2018-11-05"}, {"Africa/Cairo", "2026-04-25"},
	{"Asia/Beirut", "2026-03-30"}, {"Asia/Kathmandu", "2026-05-01"}, {"Asia/Kolkata", "2026-02-28"}, {"Australia/Lord_Howe", "2026-10-05"}, {"Pacific/Chatham", "2026-09-28"},
	{"Pacific/Apia", "2012-01-01"}, {"Pacific/Kiritimati", "2026-01-01"}, {"Pacific/Pago_Pago", "2026-01-01"}, {"Antarctica/Casey", "2020-10-05"},
}

// world is what happened, in the plainest form.
type world struct {
	r     *rand.Rand
	now   time.Time
	zone  *time.Location
	facts []core.Fact
	names map[string]string
	shown []string          // the date at each of steps
	dated map[string]string // the date of each fact, by origin
}

// ask is a request in the plainest form.
type ask struct {
	who         string
	query       url.Values
	from, until time.Time // the first and the last moment
	filter      core.Filter
	limit       int
	segment     string
}

// TestEveryFigureIsARecount compares all operations with a recount of random
// facts, for random readers, windows, zones and filters: one fact at a time, under
// the date that a calendar in the zone shows.
func TestEveryFigureIsARecount(t *testing.T) {
	for round := range len(places) {
		w := newWorld(t, uint64(round))
		client := w.serve(t)
		for n := range 3 {
			a := w.ask()
			for path, recount := range recounts {
				query := maps.Clone(a.query)
				if ranked[path] && a.limit > 0 {
					query.Set("limit", strconv.Itoa(a.limit))
				}
				if segmented[path] && a.segment != "" {
					query.Set("segment", a.segment)
				}
				t.Run(fmt.Sprintf("%d/%d%s", round, n, path), func(t *testing.T) {
					answer := client.On(t).As(a.who).Do("GET", "/api/analytics"+path+"?"+query.Encode(), nil).Want(200)
					var got any
					answer.Data(&got)
					if diff := gocmp.Diff(plain(t, recount(w, a)), got); diff != "" {
						t.Errorf("%s as %s in %s:\n%s", query.Encode(), a.who, w.zone, diff)
					}
				})
			}
		}
	}
}

// plain is a value as it comes out of JSON.
func plain(t *testing.T, v any) (out any) {
	t.Helper()
	raw, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(raw, &out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func newWorld(t *testing.T, seed uint64) *world {
	t.Helper()
	w := &world{r: rand.New(rand.NewPCG(5, seed)), names: map[string]string{}, dated: map[string]string{}}
	place := places[seed%uint64(len(places))]
	zone, err := time.LoadLocation(place.zone)
	if err != nil {
		t.Fatal(err)
	}
	now, err := time.Parse(time.DateOnly, place.day)
	if err != nil {
		t.Fatal(err)
	}
	w.zone, w.now = zone, now.Add(time.Duration(w.r.IntN(15*24*3600))*time.Second)
	sources, models, types := []string{"api", "web", core.Evaluation}, []string{"large", "small", ""}, []string{"rag", "sql"}
	for i := range 20 + w.r.IntN(60) {
		f := core.Fact{
			Origin: fmt.Sprint(i), OrganizationID: 1, TeamID: w.some(3), ProjectID: 1 + w.some(3), AgentID: 1 + w.some(4), UserID: 1 + w.some(5), ThreadID: 1 + w.some(9),
			AgentType: types[w.some(2)], QuerySource: sources[w.some(3)], Model: models[w.some(3)], OccurredOn: w.moment(),
		}
		switch w.some(5) {
		case 0:
			f.Threads, f.QuerySource, f.Model, f.AgentType = 1, "", "", ""
		case 1:
			f.Upvotes = 1
		case 2:
			f.PromptTokens, f.CompletionTokens, f.Cost = w.some(1000), w.some(100), money.Amount{Nano: w.some(1e9)}
		default:
			f.Runs = 1
		}
		w.facts = append(w.facts, f)
	}
	return w
}

func (w *world) some(n int) int64 { return int64(w.r.IntN(n)) }

// moment is near now, and often near midnight in the zone, or near the moment at
// which its clocks were turned last.
func (w *world) moment() time.Time {
	at := w.now.AddDate(0, 0, w.r.IntN(75)-70).Add(time.Duration(w.r.Int64N(int64(24 * time.Hour))))
	near := time.Duration(w.r.Int64N(int64(4*time.Hour))) - 2*time.Hour
	turned, _ := w.now.In(w.zone).ZoneBounds()
	switch w.some(4) {
	case 0, 1:
		y, m, d := at.In(w.zone).Date()
		at = time.Date(y, m, d, 0, 0, 0, 0, w.zone).Add(near)
	case 2:
		if turned.After(w.now.AddDate(0, 0, -70)) {
			at = turned.Add(near)
		}
	}
	return clock.Stored(at)
}

func (w *world) serve(t *testing.T) webtest.Client {
	t.Helper()
	c := clock.NewFixed(w.now)
	db := memory.New(c)
	service := core.New(memstore.New(db), c)
	if err := service.Record(context.Background(), w.facts...); err != nil {
		t.Fatal(err)
	}
	for _, k := range []core.Kind{core.User, core.Agent, core.Team, core.Project} {
		for id := range int64(4) { // some have no name
			name := fmt.Sprintf("%s %d", k, id+1)
			w.names[fmt.Sprint(k, id+1)] = name
			if err := service.SetNames(context.Background(), core.Name{OrganizationID: 1, Kind: k, EntityID: id + 1, Name: name}); err != nil {
				t.Fatal(err)
			}
		}
	}
	part := actor.Actor{UserID: 8, OrganizationID: 1, Grants: []actor.Grant{{Resource: actor.Team, ID: 2, Role: actor.Admin}, {Resource: actor.Agent, ID: 3, Role: actor.Admin}}}
	return webtest.Serve(t, webtest.Actors{"all": {UserID: 1, OrganizationID: 1, Level: actor.GlobalAdmin}, "part": part}, New(service).Routes()).Watching(db)
}

func (w *world) ask() ask {
	a := ask{who: []string{"all", "all", "part"}[w.some(3)], query: url.Values{}, limit: int(w.some(4)), segment: []string{"", "query_source", "model", "agent_type", "project", "team"}[w.some(6)]}
	set := func(name string, value any) { a.query.Set(name, fmt.Sprint(value)) }
	if w.zone != time.UTC {
		set("tz", w.zone)
	}
	today := w.now.In(w.zone).Format(time.DateOnly)
	switch w.some(3) {
	case 0:
		days := 1 + int(w.some(60))
		set("days", days)
		a.from, a.until = w.whole(back(today, days-1), today)
	case 1:
		first, last := w.moment().In(w.zone).Format(time.DateOnly), w.moment().In(w.zone).Format(time.DateOnly)
		first, last = min(first, last), max(first, last)
		set("start_date", first)
		set("end_date", last)
		a.from, a.until = w.whole(first, last)
	case 2:
		a.from, a.until = w.moment(), w.moment()
		if a.until.Before(a.from) {
			a.from, a.until = a.until, a.from
		}
		set("start_date", a.from.Format(time.RFC3339Nano))
		set("end_date", a.until.Format(time.RFC3339Nano))
	}
	for name, id := range map[string]*int64{"agent_id": &a.filter.AgentID, "user_id": &a.filter.UserID, "team_id": &a.filter.TeamID, "project_id": &a.filter.ProjectID} {
		if w.some(6) == 0 {
			*id = 1 + w.some(3)
			set(name, *id)
		}
	}
	if w.some(4) == 0 {
		a.filter.QuerySource = "api"
		set("query_source", "api")
	}
	if w.some(4) == 0 {
		a.filter.Model = "small"
		set("model", "small")
	}
	return a
}

func back(date string, days int) string {
	d, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return err.Error()
	}
	return d.AddDate(0, 0, -days).Format(time.DateOnly)
}

// steps visits all quarters of an hour of some months.
func (w *world) steps(visit func(at time.Time, date string)) {
	first := w.now.AddDate(0, 0, -150).Truncate(24 * time.Hour)
	for i := range (150 + 20) * 24 * 4 {
		at := first.Add(time.Duration(i) * 15 * time.Minute)
		if i == len(w.shown) {
			w.shown = append(w.shown, at.In(w.zone).Format(time.DateOnly))
		}
		visit(at, w.shown[i])
	}
}

// whole are the first and the last moment of some dates, found by trying.
func (w *world) whole(first, last string) (from, until time.Time) {
	w.steps(func(at time.Time, date string) {
		if date >= first && from.IsZero() {
			from = at
		}
		if date <= last {
			until = at.Add(15*time.Minute - time.Microsecond)
		}
	})
	return from, until
}

// dates are those that the calendar shows between two moments.
func (w *world) dates(from, until time.Time) []string {
	dates := map[string]bool{from.In(w.zone).Format(time.DateOnly): true, until.In(w.zone).Format(time.DateOnly): true}
	w.steps(func(at time.Time, date string) {
		if !at.Before(from) && !at.After(until) {
			dates[date] = true
		}
	})
	return slices.Sorted(maps.Keys(dates))
}

func (w *world) date(f core.Fact) string {
	if w.dated[f.Origin] == "" {
		w.dated[f.Origin] = f.OccurredOn.In(w.zone).Format(time.DateOnly)
	}
	return w.dated[f.Origin]
}

// selected reports whether a fact is of what is asked about, whenever it was.
func selected(a ask, f core.Fact) bool {
	if a.who == "part" && f.TeamID != 2 && f.AgentID != 3 {
		return false
	}
	for _, p := range [][2]int64{{a.filter.AgentID, f.AgentID}, {a.filter.UserID, f.UserID}, {a.filter.TeamID, f.TeamID}, {a.filter.ProjectID, f.ProjectID}} {
		if p[0] != 0 && p[0] != p[1] {
			return false
		}
	}
	return f.Threads > 0 || (a.filter.QuerySource == "" || a.filter.QuerySource == f.QuerySource) && (a.filter.Model == "" || a.filter.Model == f.Model)
}

// within are the facts of the window.
func (w *world) within(a ask) (out []core.Fact) {
	for _, f := range w.facts {
		if selected(a, f) && !f.OccurredOn.Before(a.from) && !f.OccurredOn.After(a.until) {
			out = append(out, f)
		}
	}
	return out
}
