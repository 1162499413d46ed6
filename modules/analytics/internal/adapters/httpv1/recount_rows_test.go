package httpv1

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"parley/modules/analytics/internal/core"
	"parley/platform/kernel/money"
)

func asked(f core.Fact) bool { return f.Runs > 0 && f.QuerySource != core.Evaluation }

// figures are what facts add up to.
type figures struct {
	queries, runs, upvotes, downvotes, threads, prompt, completion int64
	cost                                                           money.Amount
	users, inThreads, days                                         map[any]bool
	last                                                           time.Time
}

func (w *world) add(facts []core.Fact) figures {
	s := figures{users: map[any]bool{}, inThreads: map[any]bool{}, days: map[any]bool{}}
	for _, f := range facts {
		s.runs, s.threads = s.runs+f.Runs, s.threads+f.Threads
		s.upvotes, s.downvotes = s.upvotes+f.Upvotes, s.downvotes+f.Downvotes
		s.prompt, s.completion, s.cost = s.prompt+f.PromptTokens, s.completion+f.CompletionTokens, s.cost.Plus(f.Cost)
		if asked(f) {
			s.queries++
			s.users[f.UserID], s.inThreads[f.ThreadID], s.days[w.date(f)] = true, true, true
			if f.OccurredOn.After(s.last) {
				s.last = f.OccurredOn
			}
		}
	}
	return s
}

type row = map[string]any

func (s figures) tokens(r row) row {
	r["prompt_tokens"], r["completion_tokens"], r["total_tokens"], r["cost"] = s.prompt, s.completion, s.prompt+s.completion, s.cost.String()
	return r
}

// by divides facts.
func by[K comparable](facts []core.Fact, of func(core.Fact) K) map[K][]core.Fact {
	out := map[K][]core.Fact{}
	for _, f := range facts {
		out[of(f)] = append(out[of(f)], f)
	}
	return out
}

// periods makes a row for each period that has a date of the window, by a name for
// the period.
func periods(of func(date string) string, show func(start string, s figures) row) func(w *world, a ask) any {
	return func(w *world, a ask) any {
		parts, rows, last := by(w.within(a), func(f core.Fact) string { return of(w.date(f)) }), []row{}, ""
		for _, date := range w.dates(a.from, a.until) {
			if start := of(date); start != last {
				rows, last = append(rows, show(start, w.add(parts[start]))), start
			}
		}
		return rows
	}
}

func daily(date string) string   { return date }
func monthly(date string) string { return date[:7] + "-01" }
func weekly(date string) string {
	for {
		if d, err := time.Parse(time.DateOnly, date); err != nil || d.Weekday() == time.Monday {
			return date
		}
		date = back(date, 1)
	}
}

func chatEngagement(start string, s figures) row {
	return row{
		"period_start": start, "queries": s.queries, "threads": len(s.inThreads), "new_threads": s.threads,
		"active_users": len(s.users), "upvotes": s.upvotes, "downvotes": s.downvotes,
	}
}

func chatlogTokens(start string, s figures) row {
	average := 0.0
	if s.runs > 0 {
		average = float64(s.prompt+s.completion) / float64(s.runs)
	}
	return row{
		"period_start": start, "chatlogs": s.runs, "prompt_tokens": s.prompt, "completion_tokens": s.completion,
		"total_tokens": s.prompt + s.completion, "average_tokens": average,
	}
}

// board is a leaderboard: whom it lists, by what, and what it shows.
func board(k core.Kind, of func(core.Fact) int64, rank func(figures) int64, lists func(figures) bool, show func(figures) row) func(w *world, a ask) any {
	return func(w *world, a ask) any {
		parts, rows := by(w.within(a), of), []row{}
		sums := map[int64]figures{}
		for id, facts := range parts {
			if s := w.add(facts); id != 0 && lists(s) {
				sums[id] = s
			}
		}
		ids := slices.Collect(maps.Keys(sums))
		slices.SortFunc(ids, func(x, y int64) int { return cmp.Or(cmp.Compare(rank(sums[y]), rank(sums[x])), cmp.Compare(x, y)) })
		for _, id := range ids {
			r := show(sums[id])
			r["id"], r["name"] = id, nil
			if name, known := w.names[fmt.Sprint(k, id)]; known {
				r["name"] = name
			}
			if rows = append(rows, r); len(rows) == a.limit {
				break
			}
		}
		return rows
	}
}

func segments(rank func(figures) int64, lists func(figures) bool, show func(figures) row) func(w *world, a ask) any {
	return func(w *world, a ask) any {
		type key struct {
			name string
			id   int64
		}
		parts := by(w.within(a), func(f core.Fact) key {
			switch a.segment {
			case "model":
				return key{name: f.Model}
			case "agent_type":
				return key{name: f.AgentType}
			case "project":
				return key{w.names[fmt.Sprint(core.Project, f.ProjectID)], f.ProjectID}
			case "team":
				return key{w.names[fmt.Sprint(core.Team, f.TeamID)], f.TeamID}
			}
			return key{name: f.QuerySource}
		})
		keys := slices.Collect(maps.Keys(parts))
		slices.SortFunc(keys, func(x, y key) int {
			return cmp.Or(cmp.Compare(rank(w.add(parts[y])), rank(w.add(parts[x]))), cmp.Compare(x.id, y.id), cmp.Compare(x.name, y.name))
		})
		rows := []row{}
		for _, k := range keys {
			s := w.add(parts[k])
			if !lists(s) || len(rows) == a.limit && a.limit > 0 {
				continue
			}
			r := show(s)
			r["segment"], r["id"] = k.name, nil
			if k.id != 0 {
				r["id"] = k.id
			}
			rows = append(rows, r)
		}
		return rows
	}
}

func userEngagement(w *world, a ask) any {
	rows := []row{}
	var all []string
	w.steps(func(_ time.Time, date string) {
		if !slices.Contains(all[max(0, len(all)-2):], date) {
			all = append(all, date)
		}
	})
	active := func(dates []string) map[any]bool {
		users := map[any]bool{}
		for _, f := range w.facts {
			if selected(a, f) && asked(f) && slices.Contains(dates, w.date(f)) && !f.OccurredOn.After(a.until) {
				users[f.UserID] = true
			}
		}
		return users
	}
	for _, date := range w.dates(a.from, a.until) {
		i := slices.Index(all, date)
		day, mau, before := active(all[i:i+1]), len(active(all[i-29:i+1])), active(all[:i])
		fresh := 0
		for user := range day {
			if !before[user] {
				fresh++
			}
		}
		r := row{"date": date, "dau": len(day), "wau": len(active(all[i-6 : i+1])), "mau": mau, "stickiness": nil, "new_users": fresh, "returning_users": len(day) - fresh}
		if mau > 0 {
			r["stickiness"] = float64(len(day)) / float64(mau)
		}
		rows = append(rows, r)
	}
	return rows
}

func totalCount(w *world, a ask) any {
	s := w.add(w.within(a))
	return row{
		"users": 0, "active_users": len(s.users), "teams": 0, "projects": 0, "agents": 0, "corpora": 0, "documents": 0, "threads": s.threads,
		"queries": s.queries, "upvotes": s.upvotes, "downvotes": s.downvotes, "total_tokens": s.prompt + s.completion, "cost": s.cost.String(),
	}
}

// ranked take a limit, segmented a segment.
var (
	ranked = map[string]bool{
		"/tokens/segment": true, "/tokens/user": true, "/tokens/agent": true, "/tokens/team": true, "/query-count/segment": true,
		"/agent-engagement": true, "/engagement/team": true, "/engagement/user": true, "/recent-agents": true, "/recent-users": true,
	}
	segmented = map[string]bool{"/tokens/segment": true, "/query-count/segment": true}
)

var recounts = func() map[string]func(w *world, a ask) any {
	user, agent, team := func(f core.Fact) int64 { return f.UserID }, func(f core.Fact) int64 { return f.AgentID }, func(f core.Fact) int64 { return f.TeamID }
	used, queries, latest := func(s figures) int64 { return s.prompt + s.completion }, func(s figures) int64 { return s.queries }, func(s figures) int64 { return s.last.UnixMicro() }
	ran, active := func(s figures) bool { return s.runs > 0 || s.prompt+s.completion > 0 }, func(s figures) bool { return s.queries > 0 }
	tokens, recent := func(s figures) row { return s.tokens(row{}) }, func(s figures) row { return row{"last_active_on": s.last.UTC().Format("2006-01-02T15:04:05.000000Z")} }
	engagement := func(s figures) row {
		r := recent(s)
		r["queries"], r["threads"], r["active_days"], r["upvotes"], r["downvotes"] = s.queries, len(s.inThreads), len(s.days), s.upvotes, s.downvotes
		return r
	}
	return map[string]func(w *world, a ask) any{
		"/tokens/date":    periods(daily, func(start string, s figures) row { return s.tokens(row{"date": start}) }),
		"/tokens/segment": segments(used, ran, tokens),
		"/tokens/user":    board(core.User, user, used, ran, tokens), "/tokens/agent": board(core.Agent, agent, used, ran, tokens), "/tokens/team": board(core.Team, team, used, ran, tokens),
		"/query-count/date":      periods(daily, func(start string, s figures) row { return row{"date": start, "count": s.queries} }),
		"/query-count/segment":   segments(queries, active, func(s figures) row { return row{"count": s.queries} }),
		"/total-count":           totalCount,
		"/chat-engagement/daily": periods(daily, chatEngagement), "/chat-engagement/weekly": periods(weekly, chatEngagement), "/chat-engagement/monthly": periods(monthly, chatEngagement),
		"/user-engagement":      userEngagement,
		"/chatlog-tokens/daily": periods(daily, chatlogTokens), "/chatlog-tokens/weekly": periods(weekly, chatlogTokens), "/chatlog-tokens/monthly": periods(monthly, chatlogTokens),
		"/agent-engagement": board(core.Agent, agent, queries, active, engagement), "/engagement/team": board(core.Team, team, queries, active, engagement), "/engagement/user": board(core.User, user, queries, active, engagement),
		"/recent-agents": board(core.Agent, agent, latest, active, recent), "/recent-users": board(core.User, user, latest, active, recent),
	}
}()
