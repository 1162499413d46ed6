package core

import (
	"slices"
	"testing"
	"time"
)

// The instants are those at which the clocks of these places were turned.
func TestADayIsTheReadersWhateverItsClockDoes(t *testing.T) {
	for name, c := range map[string]struct {
		zone, date  string
		from, until string // not included
	}{
		"an ordinary day":                         {"Europe/Berlin", "2026-05-20", "2026-05-19T22:00:00Z", "2026-05-20T22:00:00Z"},
		"a day of 23 hours":                       {"Europe/Berlin", "2026-03-29", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"},
		"a day of 25 hours":                       {"Europe/Berlin", "2026-10-25", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"},
		"23 hours in New York":                    {"America/New_York", "2026-03-08", "2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z"},
		"25 hours in New York":                    {"America/New_York", "2026-11-01", "2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z"},
		"an offset of 45 minutes":                 {"Asia/Kathmandu", "2026-05-20", "2026-05-19T18:15:00Z", "2026-05-20T18:15:00Z"},
		"an offset of 30 minutes":                 {"Asia/Kolkata", "2026-05-20", "2026-05-19T18:30:00Z", "2026-05-20T18:30:00Z"},
		"an offset of 45 minutes and a turn":      {"Pacific/Chatham", "2026-09-27", "2026-09-26T11:15:00Z", "2026-09-27T10:15:00Z"},
		"a turn of 30 minutes ahead":              {"Australia/Lord_Howe", "2026-10-04", "2026-10-03T13:30:00Z", "2026-10-04T13:00:00Z"},
		"a turn of 30 minutes back":               {"Australia/Lord_Howe", "2026-04-05", "2026-04-04T13:00:00Z", "2026-04-05T13:30:00Z"},
		"it begins at one o'clock in Havana":      {"America/Havana", "2026-03-08", "2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z"},
		"it has two midnights in Havana":          {"America/Havana", "2026-11-01", "2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z"},
		"it begins at one o'clock in Santiago":    {"America/Santiago", "2026-09-06", "2026-09-06T04:00:00Z", "2026-09-07T03:00:00Z"},
		"its eve has 25 hours in Santiago":        {"America/Santiago", "2026-04-04", "2026-04-04T03:00:00Z", "2026-04-05T04:00:00Z"},
		"it begins at one o'clock in São Paulo":   {"America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z"},
		"it begins at one o'clock in Cairo":       {"Africa/Cairo", "2026-04-24", "2026-04-23T22:00:00Z", "2026-04-24T21:00:00Z"},
		"the eve of a late midnight in Cairo":     {"Africa/Cairo", "2026-10-29", "2026-10-28T21:00:00Z", "2026-10-29T22:00:00Z"},
		"it begins at one o'clock in Beirut":      {"Asia/Beirut", "2026-03-29", "2026-03-28T22:00:00Z", "2026-03-29T21:00:00Z"},
		"the eve of a late midnight in Beirut":    {"Asia/Beirut", "2026-10-24", "2026-10-23T21:00:00Z", "2026-10-24T22:00:00Z"},
		"before a date that Apia leaves out":      {"Pacific/Apia", "2011-12-29", "2011-12-29T10:00:00Z", "2011-12-30T10:00:00Z"},
		"after a date that Apia leaves out":       {"Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00Z", "2011-12-31T10:00:00Z"},
		"the first of all days":                   {"Pacific/Kiritimati", "2026-01-01", "2025-12-31T10:00:00Z", "2026-01-01T10:00:00Z"},
		"the last of all days":                    {"Etc/GMT+12", "2026-01-01", "2026-01-01T12:00:00Z", "2026-01-02T12:00:00Z"},
		"a turn ahead at a minute past":           {"Antarctica/Casey", "2020-10-04", "2020-10-03T16:00:00Z", "2020-10-04T13:00:00Z"},
		"a turn back at a minute past":            {"America/St_Johns", "2010-11-07", "2010-11-07T03:30:00Z", "2010-11-08T03:30:00Z"},
		"the eve of a turn back at a minute past": {"America/St_Johns", "2010-11-06", "2010-11-06T02:30:00Z", "2010-11-07T03:30:00Z"},
		"long ago":                                 {"Europe/Istanbul", "2000-01-01", "1999-12-31T22:00:00Z", "2000-01-01T22:00:00Z"},
		"beyond the table of turns":                {"Europe/Berlin", "2150-07-01", "2150-06-30T22:00:00Z", "2150-07-01T22:00:00Z"},
		"a zone that was given up at midnight":     {"America/Caracas", "2016-05-01", "2016-05-01T04:30:00Z", "2016-05-02T04:00:00Z"},
		"a zone that lost half an hour for a time": {"Asia/Pyongyang", "2018-05-05", "2018-05-04T15:00:00Z", "2018-05-05T15:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			w, err := Period{Start: c.date, End: c.date, Zone: c.zone}.window(noon)
			if err != nil {
				t.Fatal(err)
			}
			from, until := w.from.UTC().Format(time.RFC3339), w.until.UTC().Format(time.RFC3339)
			if from != c.from || until != c.until || len(w.days) != 1 || w.days[0].date.Format(time.DateOnly) != c.date || !w.days[0].begin.Equal(w.from) || !w.end.Equal(w.until) {
				t.Errorf("from %s until %s: %v", from, until, w.days)
			}
		})
	}
}

func TestADateThatIsLeftOutHasNoRow(t *testing.T) {
	w, err := Period{Start: "2011-12-28", End: "2012-01-01", Zone: "Pacific/Apia"}.window(noon)
	if err != nil {
		t.Fatal(err)
	}
	same(t, []string{"2011-12-28", "2011-12-29", "2011-12-31", "2012-01-01"}, dates(w.days))
	// Neither does it count among the days that are looked back at.
	same(t, []string{"2011-12-26", "2011-12-27"}, dates(w.before(2)))
	if w, err = (Period{Start: "2011-12-30", End: "2012-01-01", Zone: "Pacific/Apia"}).window(noon); err != nil {
		t.Fatal(err)
	}
	same(t, []string{"2011-12-31", "2012-01-01"}, dates(w.days))
	same(t, []string{"2011-12-28", "2011-12-29"}, dates(w.before(2)))
}

func dates(days []day) (out []string) {
	for _, d := range days {
		out = append(out, d.date.Format(time.DateOnly))
	}
	return out
}

func same(t *testing.T, want, got []string) {
	t.Helper()
	if !slices.Equal(want, got) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestWeeksBeginOnMondayAndAWindowCutsThem(t *testing.T) {
	for name, c := range map[string]struct {
		p            Period
		grain        Grain
		starts, cuts []string
	}{
		"days": {
			Period{Start: "2026-03-28", End: "2026-03-30", Zone: "Europe/Berlin"}, Daily,
			[]string{"2026-03-28", "2026-03-29", "2026-03-30"}, []string{"2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"},
		},
		"weeks that both ends cut": {
			Period{Start: "2026-03-26", End: "2026-04-07", Zone: "Europe/Berlin"}, Weekly,
			[]string{"2026-03-23", "2026-03-30", "2026-04-06"}, []string{"2026-03-29T22:00:00Z", "2026-04-05T22:00:00Z"},
		},
		"a Sunday and a Monday": {Period{Start: "2026-05-17", End: "2026-05-18"}, Weekly, []string{"2026-05-11", "2026-05-18"}, []string{"2026-05-18T00:00:00Z"}},
		"one day of a week":     {Period{Start: "2026-05-20", End: "2026-05-20"}, Weekly, []string{"2026-05-18"}, nil},
		"weeks over the new year": {
			Period{Start: "2025-12-31", End: "2026-01-05"}, Weekly, []string{"2025-12-29", "2026-01-05"}, []string{"2026-01-05T00:00:00Z"},
		},
		"months that both ends cut": {
			Period{Start: "2026-01-31", End: "2026-03-01", Zone: "Asia/Kathmandu"}, Monthly,
			[]string{"2026-01-01", "2026-02-01", "2026-03-01"}, []string{"2026-01-31T18:15:00Z", "2026-02-28T18:15:00Z"},
		},
		"months of an exact window": {
			Period{Start: "2026-01-31T23:59:59.999999Z", End: "2026-02-01T00:00:00Z"}, Monthly, []string{"2026-01-01", "2026-02-01"}, []string{"2026-02-01T00:00:00Z"},
		},
		"a week with a date that is left out": {
			Period{Start: "2011-12-26", End: "2012-01-02", Zone: "Pacific/Apia"}, Weekly, []string{"2011-12-26", "2012-01-02"}, []string{"2012-01-01T10:00:00Z"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, err := c.p.window(noon)
			if err != nil {
				t.Fatal(err)
			}
			var starts, cuts []string
			s, at := w.periods(c.grain)
			for _, d := range s {
				starts = append(starts, d.Format(time.DateOnly))
			}
			for _, d := range at {
				cuts = append(cuts, d.UTC().Format(time.RFC3339))
			}
			same(t, c.starts, starts)
			same(t, c.cuts, cuts)
		})
	}
}

// The store is fast for quarters of an hour, and zones of the time zone database
// have turned their clocks at other moments, too.
func TestEveryDaySince2000BeginsAtAQuarterOfAnHour(t *testing.T) {
	for _, name := range []string{
		"America/St_Johns", "America/Goose_Bay", "America/Moncton", "Antarctica/Casey", "Asia/Gaza", "Asia/Pyongyang", "Asia/Kathmandu", "Australia/Eucla",
		"Australia/Lord_Howe", "Pacific/Chatham", "Pacific/Marquesas", "Pacific/Apia", "Africa/Monrovia", "America/Caracas", "Asia/Colombo",
	} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		before := beginOf(firstDate, zone)
		for date := next(firstDate); date.Year() < 2040; date = next(date) {
			begin := beginOf(date, zone)
			if begin.Unix()%(15*60) != 0 || begin.Before(before) || begin.Sub(before) > 28*time.Hour || dateOf(begin, zone).Before(date) {
				t.Errorf("%s: %s begins at %s, the day before at %s", name, date.Format(time.DateOnly), begin, before)
			}
			before = begin
		}
	}
}
