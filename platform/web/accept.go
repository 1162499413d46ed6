package web

import (
	"net/http"
	"slices"
	"strings"
)

// wantsCSV reports whether a request prefers CSV to JSON, by its Accept
// headers: the larger q, else the narrower range, else the one named first.
// JSON is what it gets when both are as welcome, or neither is.
func wantsCSV(r *http.Request) bool {
	ranges := mediaRanges(r.Header.Values("Accept"))
	csv, json := best(ranges, "text", "csv"), best(ranges, "application", "json")
	if csv == nil || csv.q == 0 {
		return false
	}
	switch {
	case json == nil || csv.q != json.q:
		return json == nil || csv.q > json.q
	case csv.precision != json.precision:
		return csv.precision > json.precision
	}
	return csv.place < json.place
}

// Accepts reports whether an Accept header names one of the types in full, and
// welcomes it no less than JSON, where it names that as well. A weight of 0
// says that a type is not welcome.
func Accepts(accept string, types ...string) bool {
	named, json := 0, 0
	for _, m := range mediaRanges([]string{accept}) {
		switch name := m.major + "/" + m.minor; {
		case slices.Contains(types, name):
			named = max(named, m.q)
		case name == "application/json":
			json = max(json, m.q)
		}
	}
	return named > 0 && named >= json
}

// mediaRange is one part of an Accept header.
type mediaRange struct {
	major, minor     string
	q                int // thousandths
	precision, place int
}

// maxRanges bounds what is read of Accept headers.
const maxRanges = 50

func mediaRanges(headers []string) []mediaRange {
	var out []mediaRange
	for _, header := range headers {
		for part := range strings.SplitSeq(header, ",") {
			name, params, _ := strings.Cut(part, ";")
			major, minor, ok := strings.Cut(strings.ToLower(strings.TrimSpace(name)), "/")
			q, valid := quality(params)
			if !ok || !valid || len(out) == maxRanges {
				continue
			}
			m := mediaRange{major: major, minor: minor, q: q, place: len(out)}
			switch {
			case minor != "*":
				m.precision = 2
			case major != "*":
				m.precision = 1
			}
			out = append(out, m)
		}
	}
	return out
}

// best is the narrowest range that a media type is in; nil when it is in none.
func best(ranges []mediaRange, major, minor string) *mediaRange {
	var found *mediaRange
	for i, m := range ranges {
		if (m.major == major || m.major == "*") && (m.minor == minor || m.minor == "*") && (found == nil || m.precision > found.precision) {
			found = &ranges[i]
		}
	}
	return found
}

// quality is the weight among the parameters of a range, 1 when there is none.
func quality(params string) (thousandths int, valid bool) {
	for param := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(param, "=")
		if !strings.EqualFold(strings.TrimSpace(name), "q") {
			continue
		}
		value = strings.TrimSpace(value)
		whole, fraction, _ := strings.Cut(value, ".")
		if (whole != "0" && whole != "1") || len(fraction) > 3 || strings.Trim(fraction, "0123456789") != "" || whole == "1" && strings.Trim(fraction, "0") != "" {
			return 0, false
		}
		for _, digit := range []byte(whole + fraction + strings.Repeat("0", 3-len(fraction))) {
			thousandths = thousandths*10 + int(digit-'0')
		}
		return thousandths, true
	}
	return 1000, true
}
