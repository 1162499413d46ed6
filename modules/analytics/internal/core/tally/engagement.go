package tally

import (
	"math/bits"

	"parley/modules/analytics/internal/core"
	"parley/modules/analytics/internal/core/segment"
)

// Engagement counts active users by day. Days come in order.
//
// Each user is counted under the last day they were active on. So the users of
// the 30 days that end with a day are a sum of 30 numbers, however many users
// there are.
type Engagement struct {
	bounds []int64
	before once         // who was active before the first day
	last   paged[int32] // each user's last day, from 1
	on     []int64      // users by their last day
	day    int          // up to which days are counted
	today  once         // who was active on it
	out    []core.Engaged
	fresh  int64 // new on this day
}

// NewEngagement returns the count of a question.
func NewEngagement(q core.EngagementQuestion) *Engagement {
	e := &Engagement{}
	for _, b := range q.Bounds {
		e.bounds = append(e.bounds, b.UnixMicro())
	}
	e.on = make([]int64, max(len(e.bounds)-1, 0))
	return e
}

// Before notes that users were active before the first day. All of them come
// before the first Active.
func (e *Engagement) Before(users ...int64) {
	e.before.add(0, users...)
}

// Active notes that users were active on a day.
func (e *Engagement) Active(day int, users ...int64) {
	e.advance(day)
	e.today.add(day, users...)
}

// settle counts who was active on the day.
func (e *Engagement) settle() {
	if e.today.period != e.day {
		return
	}
	for _, p := range e.today.used {
		lasts := e.last.page(p.number)
		p.each(func(user int64) {
			switch last := lasts[user&(1<<pageBits-1)]; {
			case last > 0:
				e.on[last-1]--
			case !e.before.has(user):
				e.fresh++
			}
			lasts[user&(1<<pageBits-1)] = int32(e.day) + 1
		})
		for _, w := range p.words {
			e.on[e.day] += int64(bits.OnesCount64(w))
		}
	}
}

// advance ends the days before this one.
func (e *Engagement) advance(day int) {
	for ; e.day < day; e.day++ {
		e.settle()
		if e.day >= core.LookBack {
			e.out = append(e.out, core.Engaged{Daily: e.sum(1), Weekly: e.sum(7), Monthly: e.sum(core.LookBack + 1), New: e.fresh})
		}
		e.fresh = 0
	}
}

func (e *Engagement) sum(days int) (n int64) {
	for _, users := range e.on[max(e.day+1-days, 0) : e.day+1] {
		n += users
	}
	return n
}

// Facts adds all facts there are until the last bound, in any order. They are
// those of the organization.
func (e *Engagement) Facts(s core.Selection, facts []core.Fact) {
	facts = ordered(facts)
	for i := range facts {
		f := &facts[i]
		if _, all := Matches(s, f); all && f.Runs > 0 && f.QuerySource != core.Evaluation {
			e.At(f.OccurredOn.UnixMicro(), f.UserID)
		}
	}
}

// At notes that a user was active at a moment, in microseconds.
func (e *Engagement) At(micro, user int64) {
	e.On(place(e.bounds, micro)-1, user)
}

// On notes that users were active on a day; before the first one it is negative.
func (e *Engagement) On(day int, users ...int64) {
	switch {
	case day < 0:
		e.Before(users...)
	case day < len(e.on):
		e.Active(day, users...)
	}
}

// OnPages is On for pages of users.
func (e *Engagement) OnPages(day int, pages []segment.Page) {
	switch {
	case day < 0:
		e.before.unite(0, pages)
	case day < len(e.on):
		e.advance(day)
		e.today.unite(day, pages)
	}
}

// Days is the answer.
func (e *Engagement) Days() []core.Engaged {
	e.advance(len(e.on))
	return e.out
}
