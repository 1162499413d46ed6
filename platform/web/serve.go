package web

import (
	"context"
	"errors"
	"reflect"

	"github.com/gin-gonic/gin"

	"parley/platform/kernel/actor"
)

// serve runs one request through the checks, in the contract's order.
func (s *Server) serve(g *gin.Context, r *Route) {
	ctx := g.Request.Context()
	if !r.Long {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, s.config.Timeout)
		defer cancel()
	}
	g.Request = g.Request.WithContext(ctx)
	if _, err := s.caller(g, r); err != nil {
		s.fail(g, err)
		return
	}
	if r.Long && !r.Policy.public {
		allowLong(g.Request)
		request := g.Request
		again := func() (actor.Actor, error) { return s.authenticate(request.Context(), request) }
		g.Request = request.WithContext(context.WithValue(request.Context(), callerKey{}, again))
	}
	if r.idempotent() && !r.ByHandler && !r.Policy.public && g.GetHeader(idempotencyHeader) != "" {
		s.idempotent(g, r)
		return
	}
	s.answer(g, r)
}

// answer binds, checks the caller's level and key, and runs the handler.
func (s *Server) answer(g *gin.Context, r *Route) {
	request, err := r.binding.bind(r.request, g.Request, g.Param, s.config.MaxUpload)
	if errors.Is(err, errNoID) {
		s.unknown(g)
		return
	}
	if err != nil {
		s.fail(g, err)
		return
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
		return
	}
	audited, entry := s.begin(g, r, who, request)
	call := handlerFunc(r.call)
	if r.Long {
		call = onOwnStack(call)
	}
	answer, err := call(audited, request)
	s.end(g.Request.Context(), entry, err)
	if err != nil {
		s.refused(g, r, who, err)
		s.fail(g, err)
		return
	}
	s.write(g, r, answer)
}

type handlerFunc func(ctx context.Context, request reflect.Value) (any, error)

// onOwnStack has call run on a stack that goes when it is done. The request's
// own would keep the size that call needed for as long as a stream lasts, which
// is most of what an open stream takes.
func onOwnStack(call handlerFunc) handlerFunc {
	return func(ctx context.Context, request reflect.Value) (answer any, err error) {
		var broken any
		done := make(chan struct{})
		go func() {
			defer close(done)
			defer func() { broken = recover() }()
			answer, err = call(ctx, request)
		}()
		<-done
		if broken != nil {
			panic(broken) //nolint:forbidigo // the request's own recovery takes it
		}
		return answer, err
	}
}
