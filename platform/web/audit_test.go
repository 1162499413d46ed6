package web_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/platform/auditlog"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/apperr"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/event"
	"parley/platform/kernel/uow"
	"parley/platform/memory"
	"parley/platform/web"
	"parley/platform/webtest"
)

// notes is an audit log in memory, within units of work as without.
type notes struct {
	table *memory.Table[note]
	fail  error
}

type note struct {
	ID int64
	auditlog.Entry
}

func newNotes(db *memory.DB) *notes {
	return &notes{table: memory.NewTable(db, memory.Spec[note]{ID: func(n *note) *int64 { return &n.ID }})}
}

// Audit implements auditlog.Auditor.
func (n *notes) Audit(ctx context.Context, entries ...auditlog.Entry) error {
	if n.fail != nil {
		return n.fail
	}
	for _, e := range entries {
		if _, err := n.table.Add(ctx, note{Entry: e}); err != nil {
			return err
		}
	}
	return nil
}

func (n *notes) all(t *testing.T) []auditlog.Entry {
	t.Helper()
	rows, err := n.table.List(t.Context(), func(note) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	out := []auditlog.Entry{}
	for _, r := range rows {
		out = append(out, r.Entry)
	}
	return out
}

type painted struct{ ID string }

// EventName implements event.Event.
func (painted) EventName() string { return "things.was_painted.v1" }

// AggregateKey implements event.Event.
func (p painted) AggregateKey() string { return "thing/" + p.ID }

// Concerns implements event.Concerning.
func (p painted) Concerns() []string { return []string{"thing/" + p.ID, "secret/" + p.ID} }

type paintRequest struct {
	ThingID int64 `path:"thing_id"`
	Body    struct {
		Secret string `json:"secret,omitempty"`
		paintBody
	}
}

// paintBody is what bodies share.
type paintBody struct {
	Colour string  `json:"colour,omitempty" enum:"red,blue"`
	Coats  *int64  `json:"coats,omitempty"`
	Others []int64 `json:"others,omitempty"`
}

type secretRequest struct {
	web.ListQuery
	ThingID int64  `path:"thing_id"`
	Word    string `query:"word"`
}

// studio is a server whose one write ends as its colour says.
func studio(t *testing.T) (webtest.Client, *notes) {
	db := memory.New(clock.NewFixed(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)))
	log := newNotes(db)
	unit := auditlog.Unit(db)
	paint := func(ctx context.Context, r paintRequest) (thingView, error) {
		err := unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
			tx.Publish(painted{"7"})
			if err := unit.Do(ctx, func(_ context.Context, tx uow.Tx) error { tx.Publish(painted{"8"}, painted{"7"}); return nil }); err != nil {
				return err
			}
			if r.Body.Colour == "blue" {
				return errors.New("no blue is left")
			}
			return nil
		})
		return thingView{ID: r.ThingID}, err
	}
	seen := func(ctx context.Context, r idRequest) (thingView, error) {
		return thingView{}, unit.Do(ctx, func(context.Context, uow.Tx) error { return nil })
	}
	secret := func(ctx context.Context, r secretRequest) (thingView, error) {
		switch r.ThingID {
		case 404:
			return thingView{}, apperr.New(apperr.NotFound, "things.not_found", "There is no such thing.")
		case 500:
			return thingView{}, unit.Do(ctx, func(context.Context, uow.Tx) error { return errors.New("the disk is full") })
		case 7:
			return thingView{ID: 7}, nil // one's own
		}
		return thingView{ID: r.ThingID}, unit.Do(ctx, func(_ context.Context, tx uow.Tx) error { tx.Publish(painted{"8"}); return nil })
	}
	routes := append(things(), web.Group("Thing",
		web.POST("/api/thing/{thing_id}/paint", "Paint Thing", paint, web.User()),
		web.GET("/api/thing/{thing_id}/look", "Look at Thing", seen, web.User()),
		web.GET("/api/thing/{thing_id}/secret", "Look at the Secret of Thing", secret, web.User(), web.Audited()))...)
	s, err := web.New(web.Config{Routes: routes, Authenticator: people, Auditor: log, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	from := func(w http.ResponseWriter, r *http.Request) {
		r.RemoteAddr = "192.0.2.7:4711"
		s.ServeHTTP(w, r)
	}
	return webtest.New(t, http.HandlerFunc(from)).CheckedAgainst(s).With("X-Request-Id", "r-1"), log
}

func TestAWriteLeavesOneEntryWithWhatItChanged(t *testing.T) {
	c, log := studio(t)
	c.As("user").Do("POST", "/api/thing/7/paint", `{"secret":"s","colour":"red","coats":2,"others":[1,2]}`).Want(200)
	rows := log.all(t)
	if len(rows) != 1 {
		t.Fatalf("%d entries", len(rows))
	}
	e := rows[0]
	if e.Who.UserID != 1 || e.Action != "post_thing_thing_id_paint" || e.Target != "POST /api/thing/7/paint" || e.Outcome != auditlog.Done ||
		e.Status != 200 || e.Request != "r-1" || e.From != netip.MustParseAddr("192.0.2.7") {
		t.Errorf("got %+v", e)
	}
	if diff := cmp.Diff([]string{"thing/7", "secret/7", "thing/8", "secret/8"}, e.Subjects); diff != "" {
		t.Error(diff)
	}
	if e.Detail["colour"] != "red" || e.Detail["coats"] != int64(2) || e.Detail["secret"] != nil || e.Detail["others"] == nil {
		t.Errorf("the detail is %v", e.Detail)
	}
}

func TestWhatIsAudited(t *testing.T) {
	cases := map[string]struct {
		who, method, path, body string
		status                  int
		want                    []string // outcome, status and code
	}{
		"a write outside of any unit":    {"user", "POST", "/api/thing/1/touch", "", 200, []string{"done 200 "}},
		"a read is not":                  {"user", "GET", "/api/thing/1", "", 200, nil},
		"nor is a read in a unit":        {"user", "GET", "/api/thing/1/look", "", 200, nil},
		"an audited read in a unit":      {"user", "GET", "/api/thing/9/secret?page=2&word=x", "", 200, []string{"done 200 "}},
		"without one it is not":          {"user", "GET", "/api/thing/7/secret", "", 200, nil},
		"nor is one that found nothing":  {"user", "GET", "/api/thing/404/secret", "", 404, nil},
		"nor is one whose unit failed":   {"user", "GET", "/api/thing/500/secret", "", 500, nil},
		"a write that nobody may do":     {"user", "DELETE", "/api/thing/1", "", 403, []string{"refused 403 forbidden"}},
		"a write to what is not there":   {"user", "POST", "/api/thing/404/touch", "", 404, []string{"refused 404 things.not_found"}},
		"what is in conflict is not":     {"user", "POST", "/api/thing/409/touch", "", 409, nil},
		"a defect":                       {"user", "POST", "/api/thing/500/touch", "", 500, []string{"failed 500 internal_error"}},
		"a defect within the unit":       {"user", "POST", "/api/thing/1/paint", `{"colour":"blue"}`, 500, []string{"failed 500 internal_error"}},
		"a malformed request is not":     {"user", "POST", "/api/thing/1/paint", `{"colour":"green"}`, 422, nil},
		"somebody unknown is not":        {"stranger", "DELETE", "/api/thing/1", "", 401, nil},
		"what needs no credentials, too": {"", "POST", "/api/login", "username=jo", 415, nil},
	}
	for name, x := range cases {
		t.Run(name, func(t *testing.T) {
			c, log := studio(t)
			var body any
			if x.body != "" {
				body = x.body
			}
			c.On(t).As(x.who).Do(x.method, x.path, body).Want(x.status)
			var got []string
			for _, e := range log.all(t) {
				got = append(got, strings.Join([]string{e.Outcome, http.StatusText(e.Status), e.Code}, " "))
			}
			var want []string
			for _, w := range x.want {
				parts := strings.SplitN(w, " ", 3)
				code := map[string]int{"200": 200, "403": 403, "404": 404, "500": 500}[parts[1]]
				want = append(want, strings.Join([]string{parts[0], http.StatusText(code), parts[2]}, " "))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAnAuditedReadSaysWhatWasReadAndIsNotAnsweredWithoutItsEntry(t *testing.T) {
	c, log := studio(t)
	c.As("user").Do("GET", "/api/thing/9/secret?page=2&word=x", nil).Want(200)
	rows := log.all(t)
	if len(rows) != 1 {
		t.Fatalf("%d entries", len(rows))
	}
	e := rows[0]
	if diff := cmp.Diff(map[string]any{"page": int64(2)}, e.Detail); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"thing/8", "secret/8"}, e.Subjects); diff != "" || e.Target != "GET /api/thing/9/secret" || e.Who.UserID != 1 {
		t.Errorf("%+v: %s", e, diff)
	}
	log.fail = io.ErrUnexpectedEOF
	c.As("user").Do("GET", "/api/thing/9/secret", nil).Refused(500, "internal_error")
	c.As("user").Do("GET", "/api/thing/7/secret", nil).Want(200)
}

func TestALogThatFailsTakesItsUnitBackButNoFinishedWrite(t *testing.T) {
	c, log := studio(t)
	log.fail = io.ErrUnexpectedEOF
	c.As("user").Do("POST", "/api/thing/7/paint", `{}`).Refused(500, "internal_error")
	c.As("user").Do("POST", "/api/thing/1/touch", nil).Want(200)
}

// voided refuses a token, and says whose it was.
type voided struct{}

// Authenticate implements web.Authenticator.
func (voided) Authenticate(context.Context, web.Credentials) (actor.Actor, error) {
	return actor.Actor{UserID: 9, OrganizationID: 1}, apperr.New(apperr.Unauthenticated, "unauthenticated", "Suspended.")
}

func TestTheRefusedCallerIsNamedWhenKnown(t *testing.T) {
	db := memory.New(clock.System{})
	log := newNotes(db)
	s, err := web.New(web.Config{Routes: things(), Authenticator: voided{}, Auditor: log, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	webtest.New(t, s).As("x").Do("GET", "/api/thing/1", nil).Refused(401, "unauthenticated")
	if rows := log.all(t); len(rows) != 1 || rows[0].Who.UserID != 9 || rows[0].Outcome != auditlog.Refused {
		t.Errorf("got %+v", rows)
	}
}

var _ event.Event = painted{}

func FuzzAForwardedHeaderIsNeverBelievedFromAStranger(f *testing.F) {
	f.Add("203.0.113.9, 10.0.0.2")
	f.Add(",,")
	f.Fuzz(func(t *testing.T, header string) {
		var got netip.Addr
		here := func(ctx context.Context, _ nothing) (thingView, error) {
			got = web.ClientAddress(ctx)
			return thingView{}, nil
		}
		s, err := web.New(web.Config{
			Routes: []web.Route{web.GET("/api/here", "Here", here, web.User())}, Authenticator: people, Log: slog.New(slog.DiscardHandler),
			TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")},
		})
		if err != nil {
			t.Fatal(err)
		}
		for peer, believed := range map[string]bool{"192.0.2.7:1": false, "10.0.0.1:1": true} {
			r := httptest.NewRequestWithContext(t.Context(), "GET", "/api/here", http.NoBody)
			r.RemoteAddr, r.Header["X-Forwarded-For"] = peer, []string{header}
			r.Header.Set("Authorization", "Bearer user")
			s.ServeHTTP(httptest.NewRecorder(), r)
			if !got.IsValid() || (!believed && got.String() != "192.0.2.7") {
				t.Errorf("%q from %s: %v", header, peer, got)
			}
		}
	})
}

func TestWhereARequestComesFrom(t *testing.T) {
	cases := map[string]struct {
		peer    string
		forward []string
		want    string
	}{
		"the peer":                               {"192.0.2.7:1", nil, "192.0.2.7"},
		"nobody's header is believed":            {"192.0.2.7:1", []string{"203.0.113.9"}, "192.0.2.7"},
		"the proxy's is":                         {"10.0.0.1:1", []string{"203.0.113.9"}, "203.0.113.9"},
		"up to the last that is no proxy":        {"10.0.0.1:1", []string{"1.1.1.1, 203.0.113.9", "10.0.0.2"}, "203.0.113.9"},
		"a chain of proxies alone":               {"10.0.0.1:1", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
		"nonsense stops it":                      {"10.0.0.1:1", []string{"203.0.113.9, nonsense"}, "10.0.0.1"},
		"a proxy that says nothing":              {"10.0.0.1:1", nil, "10.0.0.1"},
		"IPv4 within IPv6 is IPv4":               {"[::ffff:192.0.2.7]:1", nil, "192.0.2.7"},
		"IPv6 without its zone":                  {"[fe80::1%eth0]:1", nil, "fe80::1"},
		"a connection that has no address":       {"@", []string{"203.0.113.9"}, "invalid IP"},
		"IPv6 behind a proxy":                    {"[::ffff:10.0.0.1]:1", []string{"2001:db8::5"}, "2001:db8::5"},
		"an empty header of a proxy is nonsense": {"10.0.0.1:1", []string{""}, "10.0.0.1"},
	}
	for name, x := range cases {
		var got netip.Addr
		here := func(ctx context.Context, _ nothing) (thingView, error) {
			got = web.ClientAddress(ctx)
			return thingView{}, nil
		}
		s, err := web.New(web.Config{
			Routes: []web.Route{web.GET("/api/here", "Here", here, web.User())}, Authenticator: people, Log: slog.New(slog.DiscardHandler),
			TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")},
		})
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/api/here", http.NoBody)
		r.RemoteAddr = x.peer
		r.Header["X-Forwarded-For"] = x.forward
		r.Header.Set("Authorization", "Bearer user")
		s.ServeHTTP(httptest.NewRecorder(), r)
		if got.String() != x.want {
			t.Errorf("%s: %s, not %s", name, got, x.want)
		}
	}
}
