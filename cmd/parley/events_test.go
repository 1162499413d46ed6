package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/modules/agents"
	"parley/modules/analytics"
	"parley/modules/chat"
	"parley/modules/corpora"
	"parley/modules/evaluations"
	"parley/modules/notifications"
	"parley/modules/projects"
	"parley/modules/sharepoint"
	"parley/modules/users"
	"parley/platform/kernel/event"
)

type publishedEvent = event.Event

// published are all events of all modules, as each gives them to the program;
// a test holds the lists complete.
var published = slices.Concat(users.Events(), projects.Events(), agents.Events(), corpora.Events(), sharepoint.Events(), chat.Events(), evaluations.Events(), notifications.Events(), analytics.Events())

func names(events []publishedEvent) []string {
	var out []string
	for _, e := range events {
		out = append(out, e.EventName())
	}
	slices.Sort(out)
	return out
}

func TestTheListOfPublishedEventsIsComplete(t *testing.T) {
	var declared []string
	for _, m := range moduleNames(t) {
		declared = append(declared, read(t, m).events...)
	}
	slices.Sort(declared)
	if diff := cmp.Diff(declared, names(published)); diff != "" {
		t.Errorf("put every event into Events of its module, then: go test ./cmd/parley -update\nevents (- declared in the modules, + in the list)\n%s", diff)
	}
}

// filled gives every field below v a value that is not its zero.
func filled(t *testing.T, v reflect.Value) {
	t.Helper()
	switch k := v.Kind(); {
	case v.Type() == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(time.Date(2026, 1, 31, 12, 34, 56, 789000, time.UTC)))
	case k == reflect.Struct:
		for i := range v.NumField() {
			filled(t, v.Field(i))
		}
	case k == reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		filled(t, v.Index(0))
	case k == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		filled(t, v.Elem())
	case k == reflect.String:
		v.SetString("text")
	case k == reflect.Bool:
		v.SetBool(true)
	case v.CanInt():
		v.SetInt(7)
	case v.CanFloat():
		v.SetFloat(1.5)
	default:
		t.Fatalf("an event with a %s: teach this test about it", v.Type())
	}
}

// TestAPublishedEventOnlyGainsFields compares the JSON of every event with
// what was published before. -update adds events and fields; what it would
// remove, rename or retype, it refuses, for stored events have it.
func TestAPublishedEventOnlyGainsFields(t *testing.T) {
	for _, e := range published {
		v := reflect.New(reflect.TypeOf(e)).Elem()
		filled(t, v)
		now, err := json.MarshalIndent(v.Interface(), "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Join("testdata", "events", e.EventName()+".json")
		if before, err := os.ReadFile(name); err == nil {
			if lost := lost(t, before, now); lost != "" {
				t.Errorf("%s: %s; publish a new version of the event beside this one instead (one that no release has published: remove its file first)", e.EventName(), lost)
				continue
			}
		} else if !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		generated(t, filepath.Join("cmd/parley", name), string(now)+"\n")
	}
	files, err := filepath.Glob("testdata/events/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if name := strings.TrimSuffix(filepath.Base(f), ".json"); !slices.Contains(names(published), name) {
			t.Errorf("%s is not published any more, but stored events have it", name)
		}
	}
}

// What events that write themselves leave out, no consumer would ever see.
func TestEventsAreWrittenAsEncodingJSONWritesThem(t *testing.T) {
	byHand := 0
	for _, e := range published {
		full := reflect.New(reflect.TypeOf(e)).Elem()
		filled(t, full)
		for _, fact := range []publishedEvent{e, full.Interface().(publishedEvent)} { // of which the first has zeros alone
			if _, is := fact.(event.Writer); is {
				byHand++
			}
			var want bytes.Buffer
			plain := json.NewEncoder(&want)
			plain.SetEscapeHTML(false)
			sealed, err := event.Seal(time.Now(), []event.Event{fact})
			if err = errors.Join(err, plain.Encode(fact)); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.TrimSpace(want.String()), string(sealed[0].Payload)); diff != "" {
				t.Errorf("%s (- by encoding/json, + as it is stored)\n%s", e.EventName(), diff)
			}
		}
	}
	if byHand == 0 {
		t.Error("no event writes itself")
	}
}

// What an event's key is decides which events stay in order, also among stored
// ones, so that a change of one must be seen.
func TestTheKeysOfPublishedEventsStay(t *testing.T) {
	keys := make([]string, len(published))
	for i, e := range published {
		v := reflect.New(reflect.TypeOf(e)).Elem()
		filled(t, v)
		keys[i] = e.EventName() + " " + v.Interface().(event.Event).AggregateKey() + "\n"
	}
	slices.Sort(keys)
	generated(t, "cmd/parley/testdata/event_keys.txt", strings.Join(keys, ""))
}

func TestLosingOrRetypingAFieldIsNoticed(t *testing.T) {
	const before = `{"id": 7, "runs": [{"name": "text"}]}`
	for now, noticed := range map[string]bool{
		before: false,
		`{"id": 7, "more": true, "runs": [{"name": "text", "more": 7}]}`: false,
		`{"runs": [{"name": "text"}]}`:                                   true,
		`{"id": "text", "runs": [{"name": "text"}]}`:                     true,
		`{"id": 1.5, "runs": [{"name": "text"}]}`:                        true,
		`{"id": 7, "runs": [{"title": "text"}]}`:                         true,
		`{"id": 7, "runs": {"name": "text"}}`:                            true,
	} {
		if got := lost(t, []byte(before), []byte(now)); (got != "") != noticed {
			t.Errorf("%s: %q", now, got)
		}
	}
}

// lost says what of before is not in now; "" when all of it is.
func lost(t *testing.T, before, now []byte) string {
	t.Helper()
	var a, b any
	if err := errors.Join(json.Unmarshal(before, &a), json.Unmarshal(now, &b)); err != nil {
		t.Fatal(err)
	}
	return missing("", a, b)
}

func missing(at string, before, now any) string {
	switch before := before.(type) {
	case map[string]any:
		now, ok := now.(map[string]any)
		if !ok {
			return at + " is no object any more"
		}
		for name, v := range before {
			if now[name] == nil {
				return at + "." + name + " is gone"
			}
			if m := missing(at+"."+name, v, now[name]); m != "" {
				return m
			}
		}
	case []any:
		now, ok := now.([]any)
		if !ok || len(now) != len(before) {
			return at + " is no list any more"
		}
		for i, v := range before {
			if m := missing(at+"[]", v, now[i]); m != "" {
				return m
			}
		}
	default:
		if before != now {
			return at + " has another type"
		}
	}
	return ""
}
