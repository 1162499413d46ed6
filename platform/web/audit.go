package web

import (
	"context"
	"reflect"
	"regexp"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"parley/platform/auditlog"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/apperr"
)

// begin puts the entry of a write, or of an audited read, into ctx, for its
// units of work. What no unit takes along of a read is not to be written, so
// that nothing is answered for it.
func (s *Server) begin(g *gin.Context, r *Route, who actor.Actor, request reflect.Value) (context.Context, *auditlog.Pending) {
	ctx := g.Request.Context()
	if s.config.Auditor == nil || !who.Known() || (reads(r.Method) && !r.Audited) {
		return ctx, nil
	}
	e := s.entry(g, r, who)
	e.Outcome, e.Status = auditlog.Done, r.Status
	if reads(r.Method) {
		e.Detail = r.binding.numbers(request)
		ctx, _ = auditlog.Begin(ctx, s.config.Auditor, e)
		return ctx, nil
	}
	e.Detail = r.binding.detail(request)
	return auditlog.Begin(ctx, s.config.Auditor, e)
}

// end writes what no unit of work took along. The change is committed by
// then, so a log that can't be written does not turn it into a failure; the
// entry goes to the server's own log instead.
func (s *Server) end(ctx context.Context, p *auditlog.Pending, err error) {
	switch {
	case p == nil:
	case err == nil && !p.Written():
		s.audit(ctx, p.Entry)
	case err != nil && apperr.KindOf(err) == apperr.Internal:
		e := p.Entry
		e.Outcome, e.Status, e.Code = auditlog.Failed, statuses[apperr.Internal], ErrInternal.Code
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
	e.Outcome, e.Status = auditlog.Refused, statuses[kind]
	if known := s.explain(ctx, err); known != nil {
		e.Code = known.Code
	}
	s.audit(ctx, e)
}

func (s *Server) entry(g *gin.Context, r *Route, who actor.Actor) auditlog.Entry {
	ctx := g.Request.Context()
	return auditlog.Entry{Who: who, Action: r.action, Target: target(r, g.Param), From: ClientAddress(ctx), Request: RequestID(ctx)}
}

func (s *Server) audit(ctx context.Context, e auditlog.Entry) {
	// The client may have gone; what happened has happened.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := s.config.Auditor.Audit(ctx, e); err != nil {
		s.config.Log.ErrorContext(ctx, "the audit log could not be written", "error", err,
			"user", e.Who.UserID, "action", e.Action, "target", e.Target, "outcome", e.Outcome, "subjects", e.Subjects)
	}
}

var notWord = regexp.MustCompile(`[^a-z0-9]+`)

// action names an operation in the audit log, for good: by method and path,
// which are unique together.
func action(method, path string) string {
	return strings.ToLower(method) + "_" + strings.Trim(notWord.ReplaceAllString(strings.ToLower(strings.TrimPrefix(path, "/api")), "_"), "_")
}
