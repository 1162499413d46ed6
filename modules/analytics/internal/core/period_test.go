package core

import (
	"errors"
	"strings"
	"testing"
	"time"

	"parley/platform/kernel/apperr"
)

var noon = time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC)

func TestAPeriodIsMadeOfTheReadersDays(t *testing.T) {
	for name, c := range map[string]struct {
		p           Period
		from, until string // not included
		days        int
	}{
		"30 days up to today when nothing is said": {Period{}, "2026-04-21T00:00:00Z", "2026-05-21T00:00:00Z", 30},
		"a number of days up to today":             {Period{Days: 1}, "2026-05-20T00:00:00Z", "2026-05-21T00:00:00Z", 1},
		"today is the reader's":                    {Period{Days: 1, Zone: "Pacific/Kiritimati"}, "2026-05-20T10:00:00Z", "2026-05-21T10:00:00Z", 1},
		"both dates are included":                  {Period{Start: "2026-01-01", End: "2026-01-02"}, "2026-01-01T00:00:00Z", "2026-01-03T00:00:00Z", 2},
		"one date is a day":                        {Period{Start: "2024-02-29", End: "2024-02-29"}, "2024-02-29T00:00:00Z", "2024-03-01T00:00:00Z", 1},
		"without an end it is up to today":         {Period{Start: "2026-05-19"}, "2026-05-19T00:00:00Z", "2026-05-21T00:00:00Z", 2},
		"without a start it is 30 days":            {Period{End: "2026-03-30"}, "2026-03-01T00:00:00Z", "2026-03-31T00:00:00Z", 30},
		"date-times are exact and included":        {Period{Start: "2026-05-01T10:00:00.5+02:00", End: "2026-05-02T00:00:00Z"}, "2026-05-01T08:00:00.5Z", "2026-05-02T00:00:00.000001Z", 2},
		"a date and a date-time go together":       {Period{Start: "2026-05-01", End: "2026-05-01T01:00:00Z", Zone: "Europe/Berlin"}, "2026-04-30T22:00:00Z", "2026-05-01T01:00:00.000001Z", 1},
		"a day of 23 hours":                        {Period{Start: "2026-03-29", End: "2026-03-29", Zone: "Europe/Berlin"}, "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z", 1},
		"a day of 25 hours":                        {Period{Start: "2026-10-25", End: "2026-10-25", Zone: "Europe/Berlin"}, "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z", 1},
		"a day without a midnight":                 {Period{Start: "2026-09-06", End: "2026-09-06", Zone: "America/Santiago"}, "2026-09-06T04:00:00Z", "2026-09-07T03:00:00Z", 1},
		"a day whose eve has 25 hours":             {Period{Start: "2026-04-05", End: "2026-04-05", Zone: "America/Santiago"}, "2026-04-05T04:00:00Z", "2026-04-06T04:00:00Z", 1},
		"a day with two midnights":                 {Period{Start: "2026-11-01", End: "2026-11-01", Zone: "America/Havana"}, "2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z", 1},
		"clocks that turn at a minute past":        {Period{Start: "2020-10-04", End: "2020-10-04", Zone: "Antarctica/Casey"}, "2020-10-03T16:00:00Z", "2020-10-04T13:00:00Z", 1},
		"five years":                               {Period{Days: MaxDays}, "2021-05-17T00:00:00Z", "2026-05-21T00:00:00Z", MaxDays},
	} {
		t.Run(name, func(t *testing.T) {
			w, err := c.p.window(noon)
			if err != nil {
				t.Fatal(err)
			}
			from, until := w.from.UTC().Format(time.RFC3339Nano), w.until.UTC().Format(time.RFC3339Nano)
			if from != c.from || until != c.until || len(w.days) != c.days {
				t.Errorf("from %s until %s: %d days", from, until, len(w.days))
			}
		})
	}
}

func TestAPeriodThatMakesNoSenseIsRefusedWithASentence(t *testing.T) {
	for name, c := range map[string]struct {
		p     Period
		field string
	}{
		"a zone that does not exist":         {Period{Zone: "Europe/Atlantis"}, "tz"},
		"the server's own zone":              {Period{Zone: "Local"}, "tz"},
		"a path instead of a zone":           {Period{Zone: "../../etc/passwd"}, "tz"},
		"a folder of zones":                  {Period{Zone: "Europe"}, "tz"},
		"days and a start":                   {Period{Days: 3, Start: "2026-05-01"}, "days"},
		"days and an end":                    {Period{Days: 3, End: "2026-05-01"}, "days"},
		"less than a day":                    {Period{Days: -1}, "days"},
		"more than five years":               {Period{Days: MaxDays + 1}, "days"},
		"more days than there were":          {Period{Days: 1 << 40}, "days"},
		"more than five years of dates":      {Period{Start: "2020-01-01", End: "2026-01-01"}, "start_date"},
		"a date that the zone leaves out":    {Period{Start: "2011-12-30", End: "2011-12-30", Zone: "Pacific/Apia"}, "start_date"},
		"a start after the end":              {Period{Start: "2026-05-02", End: "2026-05-01"}, "start_date"},
		"a start after today":                {Period{Start: "2026-05-21"}, "start_date"},
		"a start a moment after the end":     {Period{Start: "2026-05-01T00:00:00.000001Z", End: "2026-05-01T00:00:00Z"}, "start_date"},
		"a time long ago":                    {Period{Start: "1999-12-31", End: "2000-01-01"}, "start_date"},
		"the dawn of time":                   {Period{Start: "0001-01-01"}, "start_date"},
		"the end of time":                    {Period{Start: "9999-12-31", End: "9999-12-31"}, "start_date"},
		"a date that does not exist":         {Period{Start: "2026-02-29"}, "start_date"},
		"a date in another order":            {Period{End: "01.05.2026"}, "end_date"},
		"a date-time without an offset":      {Period{End: "2026-05-01T00:00:00"}, "end_date"},
		"a date-time whose + became a space": {Period{End: "2026-05-01T00:00:00 02:00"}, "end_date"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := c.p.window(noon)
			var e *apperr.Error
			if !errors.As(err, &e) || !errors.Is(err, ErrPeriod) {
				t.Fatalf("got %v", err)
			}
			if len(e.Fields) != 1 || e.Fields[0].Field != c.field || !strings.HasSuffix(e.Message, ".") || e.Message == ErrPeriod.Message {
				t.Errorf("%q on %v", e.Message, e.Fields)
			}
		})
	}
}

func FuzzAPeriodIsRefusedOrHasADayForEachOfItsInstants(f *testing.F) {
	f.Add("2026-05-01", "2026-05-02", 0, "Europe/Berlin", int64(0))
	f.Add("", "2026-05-01T10:00:00+02:00", 0, "", int64(1e15))
	f.Add("", "", 1830, "America/St_Johns", int64(-1e15))
	f.Fuzz(func(t *testing.T, start, end string, days int, zone string, at int64) {
		w, err := Period{Start: start, End: end, Days: days, Zone: zone}.window(noon)
		if err != nil {
			if !errors.Is(err, ErrPeriod) {
				t.Errorf("got %v", err)
			}
			return
		}
		if !w.from.Before(w.until) || len(w.days) < 1 || len(w.days) > MaxDays {
			t.Fatalf("%v: %d days", w, len(w.days))
		}
		for i, d := range w.days {
			if d.begin.Unix()%(15*60) != 0 || i > 0 && !d.begin.After(w.days[i-1].begin) {
				t.Errorf("%s begins at %s", d.date, d.begin)
			}
		}
		last := w.until.Add(-time.Microsecond)
		inside := w.from.Add(time.Duration(at&(1<<62-1)) % w.until.Sub(w.from))
		for _, instant := range []time.Time{w.from, last, inside} {
			if i := w.index(instant); i < 0 || i >= len(w.days) {
				t.Errorf("%s is in day %d of %d", instant, i, len(w.days))
			}
		}
		if w.index(w.from) != 0 || w.index(last) != len(w.days)-1 {
			t.Errorf("from %s until %s are not in the first and the last of %d days", w.from, w.until, len(w.days))
		}
	})
}
