package core

import (
	"fmt"
	"time"
	_ "time/tzdata" // so that a container without any files knows the zones
)

// MaxDays is the longest period: five years.
const MaxDays = 366 * 5

const defaultDays = 30

// The dates that figures are given for. All days of all zones since then begin
// at a quarter of an hour.
var (
	firstDate = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
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

func (p Period) window(now time.Time) (window, error) {
	zone, err := zoneOf(p.Zone)
	if err != nil {
		return window{}, err
	}
	if p.Days != 0 && (p.Start != "" || p.End != "") {
		return window{}, refuse("days", "Give either days, or start_date and end_date.")
	}
	last := dateOf(now, zone)
	until := beginOf(next(last), zone)
	if p.End != "" {
		e, err := parseEdge("end_date", p.End, zone)
		if err != nil {
			return window{}, err
		}
		last, until = e.date, e.after
	}
	days := defaultDays
	switch {
	case p.Days < 0 || p.Days > MaxDays:
		return window{}, refuse("days", fmt.Sprintf("A period has 1 to %d days.", MaxDays))
	case p.Days != 0:
		days = p.Days
	}
	first := last.AddDate(0, 0, 1-days)
	from := beginOf(first, zone)
	if p.Start != "" {
		e, err := parseEdge("start_date", p.Start, zone)
		if err != nil {
			return window{}, err
		}
		first, from = e.date, e.at
	}
	if err := checkPeriod(first, last, from, until); err != nil {
		return window{}, err
	}
	return newWindow(zone, from, until), nil
}

func checkPeriod(first, last, from, until time.Time) error {
	switch {
	case first.Equal(last) && from.Equal(until):
		return refuse("start_date", "The calendar of the time zone leaves this date out.")
	case !from.Before(until):
		return refuse("start_date", "start_date must not be after end_date, which is today when not given.")
	case first.Before(firstDate) || last.After(lastDate):
		return refuse("start_date", fmt.Sprintf("A period lies between %s and %s.", firstDate.Format(time.DateOnly), lastDate.Format(time.DateOnly)))
	case last.Sub(first) >= MaxDays*24*time.Hour:
		return refuse("start_date", fmt.Sprintf("A period has at most %d days.", MaxDays))
	}
	return nil
}

// edge is one end of a period: the instants where what it names begins and is
// over, and its date.
type edge struct{ at, after, date time.Time }

func parseEdge(field, text string, zone *time.Location) (edge, error) {
	if date, err := time.Parse(time.DateOnly, text); err == nil {
		return edge{at: beginOf(date, zone), after: beginOf(next(date), zone), date: date}, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return edge{}, refuse(
			field,
			fmt.Sprintf("%s must be a date such as 2024-10-02 or a date-time such as 2024-10-02T00:02:24Z, with a + written as %%2B.", field),
		)
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
