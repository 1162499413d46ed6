package web

import (
	"context"
	"encoding/json"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"parley/platform/kernel/actor"
	"parley/platform/kernel/apperr"
	"parley/platform/kernel/event"
	"parley/platform/kernel/uow"
	"parley/platform/openapi"
)

// Outcomes of an audited request.
const (
	Done    = "done"
	Refused = "refused" // 401 or 403, and 404 of a write
	Failed  = "failed"  // a defect or a broken dependency; what was committed stays
)

// AuditEntry is what the audit log keeps of one request.
type AuditEntry struct {
	Who      actor.Actor
	Action   string         // the operation's id in the OpenAPI document
	Target   string         // method and path, with ids
	Subjects []string       // the keys of what changed, such as "user/7"
	Detail   map[string]any // numbers, switches and choices of the body; never free text
	From     netip.Addr     // the client, as ClientAddress tells
	Outcome  string
	Status   int
	Code     string // of an error
	Request  string // the request's id
}

// Auditor keeps the audit log.
type Auditor interface {
	// Audit appends an entry, within the unit of ctx when there is one.
	Audit(ctx context.Context, e AuditEntry) error
}

// maxSubjects bounds the subjects of one entry: as many as a batch may have.
const maxSubjects = 1000

// pending is the entry of a write that still runs. It is written once: within
// the first unit of work that commits for the request, or after the handler.
type pending struct {
	auditor Auditor
	mu      sync.Mutex
	entry   AuditEntry
	written bool
}

type pendingKey struct{}

func (p *pending) open() bool {
	if p == nil {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.written
}

func (p *pending) done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.written = true
}

// Audited makes units of work take the audit entry of the request they run
// for along: what changed and who changed it are one commit, at the cost of
// one more insert. Units that no request runs are left alone.
func Audited(inner uow.Unit) uow.Unit { return auditedUnit{inner} }

type auditedUnit struct{ inner uow.Unit }

type subjectsKey struct{}

// collecting notes what the events of a unit are about.
type collecting struct {
	uow.Tx
	subjects *[]string
}

// Publish implements uow.Tx.
func (c collecting) Publish(facts ...event.Event) {
	for _, f := range facts {
		if len(*c.subjects) < maxSubjects && !slices.Contains(*c.subjects, f.AggregateKey()) {
			*c.subjects = append(*c.subjects, f.AggregateKey())
		}
	}
	c.Tx.Publish(facts...)
}

// Do implements uow.Unit.
func (u auditedUnit) Do(ctx context.Context, fn func(ctx context.Context, tx uow.Tx) error) error {
	if subjects, ok := ctx.Value(subjectsKey{}).(*[]string); ok { // it joins the outer unit
		return u.inner.Do(ctx, func(ctx context.Context, tx uow.Tx) error { return fn(ctx, collecting{tx, subjects}) })
	}
	p, _ := ctx.Value(pendingKey{}).(*pending)
	if !p.open() {
		return u.inner.Do(ctx, fn)
	}
	subjects := new([]string)
	err := u.inner.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
		if err := fn(context.WithValue(ctx, subjectsKey{}, subjects), collecting{tx, subjects}); err != nil {
			return err
		}
		e := p.entry
		e.Subjects = *subjects
		return p.auditor.Audit(ctx, e)
	})
	if err == nil {
		p.done()
	}
	return err
}

// begin puts the entry of a write into ctx, for its units of work.
func (s *Server) begin(g *gin.Context, r *Route, who actor.Actor, request reflect.Value) (context.Context, *pending) {
	ctx := g.Request.Context()
	if s.config.Auditor == nil || !who.Known() || reads(r.Method) {
		return ctx, nil
	}
	e := s.entry(g, r, who)
	e.Outcome, e.Status, e.Detail = Done, r.Status, detail(request)
	p := &pending{auditor: s.config.Auditor, entry: e}
	return context.WithValue(ctx, pendingKey{}, p), p
}

// end writes what no unit of work took along. The change is committed by
// then, so a log that can't be written does not turn it into a failure; the
// entry goes to the server's own log instead.
func (s *Server) end(ctx context.Context, p *pending, err error) {
	switch {
	case p == nil:
	case err == nil && p.open():
		s.audit(ctx, p.entry)
	case err != nil && apperr.KindOf(err) == apperr.Internal:
		e := p.entry
		e.Outcome, e.Status, e.Code = Failed, statuses[apperr.Internal], ErrInternal.Code
		s.audit(ctx, e)
	}
}

// refused notes what a known caller was not allowed. A write to what they may
// not see, or what was never there, is among it: the two can't be told apart.
func (s *Server) refused(g *gin.Context, r *Route, who actor.Actor, err error) {
	kind := apperr.KindOf(err)
	if s.config.Auditor == nil || !who.Known() {
		return
	}
	if kind != apperr.Forbidden && kind != apperr.Unauthenticated && (kind != apperr.NotFound || reads(r.Method)) {
		return
	}
	ctx := g.Request.Context()
	e := s.entry(g, r, who)
	e.Outcome, e.Status = Refused, statuses[kind]
	if known := explain(ctx, s.config.Log, err); known != nil {
		e.Code = known.Code
	}
	s.audit(ctx, e)
}

func (s *Server) entry(g *gin.Context, r *Route, who actor.Actor) AuditEntry {
	ctx := g.Request.Context()
	return AuditEntry{Who: who, Action: openapi.OperationID(r.Method, r.Path), Target: target(r, g.Param), From: ClientAddress(ctx), Request: RequestID(ctx)}
}

// target is method and path, with ids and nothing else that the client wrote.
func target(r *Route, param func(string) string) string {
	segments := strings.Split(r.Path, "/")
	for i, s := range segments {
		if !strings.HasPrefix(s, "{") {
			continue
		}
		segments[i] = "-"
		if id, ok := pathID(param(strings.Trim(s, "{}"))); ok {
			segments[i] = strconv.FormatInt(id, 10)
		}
	}
	return r.Method + " " + strings.Join(segments, "/")
}

func (s *Server) audit(ctx context.Context, e AuditEntry) {
	// The client may have gone; what happened has happened.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := s.config.Auditor.Audit(ctx, e); err != nil {
		s.config.Log.ErrorContext(ctx, "the audit log could not be written", "error", err, "user", e.Who.UserID, "action", e.Action, "target", e.Target, "outcome", e.Outcome, "subjects", e.Subjects)
	}
}

// detail picks from a body what can't be personal or secret: numbers,
// switches, and texts out of a fixed choice.
func detail(request reflect.Value) map[string]any {
	body := request.FieldByName("Body")
	if !body.IsValid() || body.Kind() != reflect.Struct {
		return nil
	}
	out := map[string]any{}
	for i := range body.NumField() {
		f, v := body.Type().Field(i), body.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if v.Kind() == reflect.Pointer {
			if v.IsNil() {
				continue
			}
			v = v.Elem()
		} else if v.IsZero() {
			continue // not sent, or as good as that
		}
		switch v.Kind() {
		case reflect.Bool, reflect.Int, reflect.Int64:
			out[name] = v.Interface()
		case reflect.String:
			if f.Tag.Get("enum") != "" && v.String() != "" {
				out[name] = v.String()
			}
		case reflect.Slice:
			if raw, err := json.Marshal(v.Interface()); v.Type().Elem().Kind() == reflect.Int64 && v.Len() > 0 && err == nil {
				out[name] = json.RawMessage(raw)
			}
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}
