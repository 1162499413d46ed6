package segment

import (
	"slices"

	"parley/modules/analytics/internal/core"
	"parley/modules/analytics/internal/core/sum"
	"parley/platform/kernel/money"
)

// Cell is what facts have in common beside the user.
type Cell struct {
	TeamID      int64
	ProjectID   int64
	AgentID     int64
	AgentType   string
	QuerySource string
	Model       string
}

// Place is what is left of a cell without its type, source and model, but for
// whether it evaluates.
func (c Cell) Place() Cell {
	out := Cell{TeamID: c.TeamID, ProjectID: c.ProjectID, AgentID: c.AgentID}
	if c.Evaluates() {
		out.QuerySource = c.QuerySource
	}
	return out
}

// Team is the team of a cell, and whether it evaluates.
func (c Cell) Team() Cell {
	out := c.Place()
	out.ProjectID, out.AgentID = 0, 0
	return out
}

// Kind is the source and the model of a cell.
func (c Cell) Kind() Cell { return Cell{QuerySource: c.QuerySource, Model: c.Model} }

// CellOf is the cell of a fact.
func CellOf(f *core.Fact) Cell {
	return Cell{TeamID: f.TeamID, ProjectID: f.ProjectID, AgentID: f.AgentID, AgentType: f.AgentType, QuerySource: f.QuerySource, Model: f.Model}
}

// Evaluates reports whether the runs of the cell test rather than use an agent.
func (c Cell) Evaluates() bool { return c.QuerySource == core.Evaluation }

// Sums are what facts of one cell add up to.
type Sums struct {
	Runs, Prompt, Completion int64
	Nano, Pico               int64
	NewThreads, Up, Down     int64
	Last                     int64 // microseconds since 1970 of the latest run; 0 when there is none
}

func (s *Sums) add(o *Sums) {
	s.Runs, s.Prompt, s.Completion = sum.Add(s.Runs, o.Runs), sum.Add(s.Prompt, o.Prompt), sum.Add(s.Completion, o.Completion)
	cost := sum.Plus(money.Amount{Nano: s.Nano, Pico: s.Pico}, money.Amount{Nano: o.Nano, Pico: o.Pico})
	s.Nano, s.Pico = cost.Nano, cost.Pico
	s.NewThreads, s.Up, s.Down = sum.Add(s.NewThreads, o.NewThreads), sum.Add(s.Up, o.Up), sum.Add(s.Down, o.Down)
	s.Last = max(s.Last, o.Last)
}

// pair is the sums of a user in a cell.
type pair struct {
	cell, user int64
	Sums
}

// asked is that a thread had runs in a cell, by its user.
type asked struct{ cell, thread, user int64 }

// Segment is a stretch of time, unpacked. Its zero value has nothing in it.
type Segment struct {
	pairs []pair  // by cell and user
	asked []asked // by cell, thread and user; without evaluations
}

// Of is the segment of facts. number answers the number of a cell.
func Of(facts []core.Fact, number func(Cell) int64) *Segment {
	s := &Segment{}
	for i := range facts {
		f := &facts[i]
		cell := CellOf(f)
		n := number(cell)
		p := pair{cell: n, user: f.UserID, Sums: Sums{
			Runs: f.Runs, Prompt: f.PromptTokens, Completion: f.CompletionTokens, NewThreads: f.Threads, Up: f.Upvotes, Down: f.Downvotes,
		}}
		cost := sum.Plus(f.Cost, money.Amount{})
		p.Nano, p.Pico = cost.Nano, cost.Pico
		if f.Runs > 0 {
			p.Last = f.OccurredOn.UnixMicro()
		}
		s.pairs = append(s.pairs, p)
		if f.Runs > 0 && f.ThreadID != 0 && !cell.Evaluates() {
			s.asked = append(s.asked, asked{cell: n, thread: f.ThreadID, user: f.UserID})
		}
	}
	s.settle()
	return s
}

// Merge is the union of segments.
func Merge(parts ...*Segment) *Segment {
	s := &Segment{}
	for _, p := range parts {
		s.pairs = append(s.pairs, p.pairs...)
		s.asked = append(s.asked, p.asked...)
	}
	s.settle()
	return s
}

// Empty reports whether nothing happened.
func (s *Segment) Empty() bool { return len(s.pairs) == 0 }

// settle orders the rows and adds up those that are of one thing.
func (s *Segment) settle() {
	s.pairs = settled(s.pairs, func(cell int64) int64 { return cell })
	sortAsked(s.asked)
	s.asked = slices.Compact(s.asked)
}
