package core

import (
	"fmt"
	"sort"
	"time"
	_ "time/tzdata" // so that a container without any files knows the zones
)

// MaxDays is the longest period: five years.
const MaxDays = 366 * 5

const defaultDays = 30

// The dates that figures are given for. Before 2012 some zones turned their
// clocks at a minute past midnight, which quarters of an hour can't tell.
var (
	firstDate = time.Date(2012, 1, 1, 0, 0, 0, 0, time.UTC)
	lastDate  = time.Date(2199, 12, 31, 0, 0, 0, 0, time.UTC)
)

// Period is a stretch of time as a reader asks for it. The zero value is the
// last 30 days in UTC, today included.
type Period struct {
	// Start and End are dates of the reader's or date-times (RFC 3339), both
	// included.
	Start, End string
	Days       int    // that many days up to today, instead of Start and End
	Zone       string // IANA name; "" is UTC
}

// window is a period made exact.
type window struct {
	zone        *time.Location
	from, until time.Time // until is not included
	first, last time.Time // the reader's dates, as midnight UTC
}

func (w window) days() int { return w.indexOfDate(w.last) + 1 }

// index is the place of t's date in the window.
func (w window) index(t time.Time) int { return w.indexOfDate(dateOf(t, w.zone)) }

func (w window) indexOfDate(d time.Time) int { return int(d.Sub(w.first) / (24 * time.Hour)) }

func (p Period) window(now time.Time) (window, error) {
	zone, err := zoneOf(p.Zone)
	if err != nil {
		return window{}, err
	}
	if p.Days != 0 && (p.Start != "" || p.End != "") {
		return window{}, refuse("days", "Give either days, or start_date and end_date.")
	}
	w := window{zone: zone, last: dateOf(now, zone)}
	w.until = beginOf(w.last.AddDate(0, 0, 1), zone)
	if p.End != "" {
		e, err := parseEdge("end_date", p.End, zone)
		if err != nil {
			return window{}, err
		}
		w.last, w.until = e.date, e.after
	}
	days := defaultDays
	if p.Days != 0 {
		days = p.Days
	}
	w.first = w.last.AddDate(0, 0, 1-days)
	w.from = beginOf(w.first, zone)
	if p.Start != "" {
		e, err := parseEdge("start_date", p.Start, zone)
		if err != nil {
			return window{}, err
		}
		w.first, w.from = e.date, e.at
	}
	return w, w.check()
}

func (w window) check() error {
	switch {
	case !w.from.Before(w.until):
		return refuse("start_date", "start_date must not be after end_date, which is today when not given.")
	case w.first.Before(firstDate) || w.last.After(lastDate):
		return refuse("start_date", fmt.Sprintf("A period lies between %s and %s.", firstDate.Format(time.DateOnly), lastDate.Format(time.DateOnly)))
	case w.days() > MaxDays:
		return refuse("start_date", fmt.Sprintf("A period has at most %d days.", MaxDays))
	}
	return nil
}

// edge is one end of a period: the instants where what it names begins and is
// over, and its date.
type edge struct{ at, after, date time.Time }

func parseEdge(field, text string, zone *time.Location) (edge, error) {
	if date, err := time.Parse(time.DateOnly, text); err == nil {
		return edge{at: beginOf(date, zone), after: beginOf(date.AddDate(0, 0, 1), zone), date: date}, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return edge{}, refuse(field, fmt.Sprintf("%s must be a date such as 2024-10-02 or a date-time such as 2024-10-02T00:02:24Z, with a + written as %%2B.", field))
	}
	at = at.UTC().Truncate(time.Microsecond)
	return edge{at: at, after: at.Add(time.Microsecond), date: dateOf(at, zone)}, nil
}

func zoneOf(name string) (*time.Location, error) {
	zone, err := time.LoadLocation(name)
	// "Local" would be the server's zone, which is no business of the reader's.
	if err != nil || name == "Local" {
		return nil, refuse("tz", "tz must be the IANA name of a time zone, such as Europe/Berlin.")
	}
	return zone, nil
}

func refuse(field, sentence string) error {
	return ErrPeriod.WithMessage(sentence).WithField(field, sentence)
}

// dateOf is the date that a calendar in the zone shows, as midnight UTC.
func dateOf(t time.Time, zone *time.Location) time.Time {
	y, m, d := t.In(zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// beginOf is the first instant of a date in the zone. Midnight is no answer
// where clocks are turned then: it may be skipped or come twice.
func beginOf(date time.Time, zone *time.Location) time.Time {
	const quarters = 60 * 4
	earliest := date.Add(-30 * time.Hour)
	n := sort.Search(quarters, func(i int) bool {
		return !dateOf(earliest.Add(time.Duration(i)*15*time.Minute), zone).Before(date)
	})
	return earliest.Add(time.Duration(n) * 15 * time.Minute)
}
