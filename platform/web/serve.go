package web

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"parley/platform/kernel/actor"
	"parley/platform/kernel/stack"
)

// serve runs one request through the checks, in the contract's order.
func (s *Server) serve(g *gin.Context, r *Route) {
	ctx := g.Request.Context()
	if !r.Long {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, s.config.Timeout)
		defer cancel()
		g.Request = g.Request.WithContext(ctx)
	}
	if r.csv {
		g.Writer.Header().Add("Vary", "Accept")
	}
	check := s.check
	if r.Long && !(r.either && !acceptsStream(g.Request)) {
		check = s.checkApart
	}
	if answer, ok := check(g, r); ok {
		s.write(g, r, answer)
	}
}

// check answers what is left to be written; false when nothing is.
func (s *Server) check(g *gin.Context, r *Route) (answer any, ok bool) {
	if _, err := s.caller(g, r); err != nil {
		s.fail(g, err)
		return nil, false
	}
	if r.Long && !r.Policy.public {
		allowLong(g.Request)
		request := g.Request
		again := func() (actor.Actor, error) { return s.authenticate(request.Context(), request) }
		g.Request = request.WithContext(context.WithValue(request.Context(), callerKey{}, again))
	}
	if r.idempotent() && !r.ByHandler && !r.Policy.public &&
		slices.ContainsFunc(g.Request.Header.Values(idempotencyHeader), func(key string) bool { return key != "" }) {
		s.idempotent(g, r)
		return nil, false
	}
	return s.handle(g, r)
}

// acceptsStream reports whether a client may get a stream where it can have the
// whole answer. Such an answer is waited for within the checks, so that they
// need no stack of their own.
func acceptsStream(r *http.Request) bool {
	return strings.Contains(strings.ToLower(r.Header.Get("Accept")), "event-stream")
}

// checkApart is check on a stack that goes when it is done. The request's own
// would stay as large as a stream lasts, and most of what an open stream takes
// is that.
func (s *Server) checkApart(g *gin.Context, r *Route) (answer any, ok bool) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if p := recover(); p != nil {
				s.broke(g, p)
				answer, ok = nil, false
			}
		}()
		stack.Room24K()
		answer, ok = s.check(g, r)
	}()
	<-done
	return answer, ok
}

// answer runs the handler and writes what it answers.
func (s *Server) answer(g *gin.Context, r *Route) {
	if answer, ok := s.handle(g, r); ok {
		s.write(g, r, answer)
	}
}

// handle binds, checks the caller's level and key, and runs the handler; false
// when the request has been refused.
func (s *Server) handle(g *gin.Context, r *Route) (answer any, ok bool) {
	// A caller whose level or key does not reach is refused before the body is
	// read: it would be work for nothing.
	if who := actor.From(g.Request.Context()); who.Known() && r.binding.hasIDs(g.Param) {
		if err := r.mayCall(who); err != nil {
			s.refused(g, r, who, err)
			s.fail(g, err)
			return nil, false
		}
	}
	request, err := r.binding.bind(r.request, g.Request, g.Param, s.config.MaxUpload)
	forgetBody(g.Request)
	if errors.Is(err, errNoID) {
		s.unknown(g)
		return nil, false
	}
	if err != nil {
		s.fail(g, err)
		return nil, false
	}
	who := actor.From(g.Request.Context())
	if !reads(r.Method) { // a body has come meanwhile
		who, err = s.caller(g, r)
	}
	if err == nil && who.Known() {
		if err = r.mayCall(who); err == nil {
			err = r.maySend(who, func(field string) (any, bool) { return r.binding.sent(request, field) })
		}
		if err != nil {
			s.refused(g, r, who, err)
		}
	}
	if err != nil {
		s.fail(g, err)
		return nil, false
	}
	audited, entry := s.begin(g, r, who, request)
	answer, err = r.call(audited, request)
	s.end(g.Request.Context(), entry, err)
	if err != nil {
		s.refused(g, r, who, err)
		s.fail(g, err)
		return nil, false
	}
	return answer, true
}
