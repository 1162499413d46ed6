package core

import (
	"sort"
	"time"
)

// window is a period made exact: the reader's days that lie in it, at least in
// part.
type window struct {
	from, until time.Time // until is not included
	days        []day
	end         time.Time // of the last day, which until may cut
	zone        *time.Location
}

// day is a day of the reader's calendar. Days follow each other without gaps.
type day struct {
	date  time.Time // as midnight UTC
	begin time.Time
}

// newWindow finds the days from the one that has from to the one that has the
// last moment before until. A date that the zone leaves out is none of them.
func newWindow(zone *time.Location, from, until time.Time) window {
	w := window{from: from, until: until, zone: zone}
	// A clock that is turned back over midnight shows a date early.
	date := dateOf(from, zone).AddDate(0, 0, -1)
	for begin := beginOf(date, zone); begin.Before(until); {
		end := beginOf(next(date), zone)
		if end.After(from) && end.After(begin) {
			w.days, w.end = append(w.days, day{date: date, begin: begin}), end
		}
		date, begin = next(date), end
	}
	return w
}

// index is the place of the day in the window that a moment of it is on.
func (w window) index(t time.Time) int {
	return sort.Search(len(w.days), func(i int) bool { return w.days[i].begin.After(t) }) - 1
}

// before are the n days before the window, which exist.
func (w window) before(n int) []day {
	out := make([]day, n)
	date, end := w.days[0].date, w.days[0].begin
	for i := n - 1; i >= 0; {
		date = date.AddDate(0, 0, -1)
		if begin := beginOf(date, w.zone); begin.Before(end) {
			out[i] = day{date: date, begin: begin}
			end, i = begin, i-1
		}
	}
	return out
}

// Grain is how much of a calendar one row is of.
type Grain int

// The grains. Weeks begin on Monday.
const (
	Daily Grain = iota
	Weekly
	Monthly
)

// start is the date with which the day, the week or the month of a date begins.
func (g Grain) start(date time.Time) time.Time {
	switch g {
	case Weekly:
		return date.AddDate(0, 0, -(int(date.Weekday())+6)%7)
	case Monthly:
		return date.AddDate(0, 0, 1-date.Day())
	case Daily:
	}
	return date
}

// periods divides the window: the date that each period begins with, which the
// window may cut off, and the instants at which a next one begins.
func (w window) periods(g Grain) (starts, cuts []time.Time) {
	for _, d := range w.days {
		start := g.start(d.date)
		if n := len(starts); n > 0 {
			if starts[n-1].Equal(start) {
				continue
			}
			cuts = append(cuts, d.begin)
		}
		starts = append(starts, start)
	}
	return starts, cuts
}

// next is the date after a date.
func next(date time.Time) time.Time { return date.AddDate(0, 0, 1) }

// dateOf is the date that a calendar in the zone shows, as midnight UTC.
func dateOf(t time.Time, zone *time.Location) time.Time {
	y, m, d := t.In(zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// beginOf is when a date begins in the zone: the moment from which on the
// calendar shows no earlier date. Midnight is no answer where clocks are turned
// then: it may be skipped, or come twice. A date that the zone leaves out begins
// with the next one.
//
// It goes back from a later moment, one stretch between two turns of the clock
// at a time. Within a stretch a clock runs evenly.
func beginOf(date time.Time, zone *time.Location) time.Time {
	for at := date.Add(48 * time.Hour).In(zone); ; {
		_, offset := at.Zone()
		midnight := date.Add(-time.Duration(offset) * time.Second)
		turned, _ := at.ZoneBounds()
		if turned.IsZero() || midnight.After(turned) {
			return midnight
		}
		before := turned.Add(-time.Nanosecond).In(zone)
		if dateOf(before, zone).Before(date) {
			return turned.UTC()
		}
		at = before
	}
}
