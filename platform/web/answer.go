package web

import (
	"reflect"

	"github.com/gin-gonic/gin"
)

// write answers a success.
func (s *Server) write(g *gin.Context, r *Route, answer any) {
	switch a := answer.(type) {
	case responder:
		a.respond(s, g, r)
		return
	case ShownOnce:
		g.JSON(r.Status, success{Success: true, Message: r.Message, Data: answer})
		if rec, ok := g.Writer.(*recorder); ok {
			rec.replace(success{Success: true, Message: r.Message, Data: a.WithoutSecrets()})
		}
		return
	case enveloped:
		data, meta := a.envelope()
		if list, ok := meta.(interface{ listed() *Meta }); ok {
			list.listed().tag(r.binding.tag)
		}
		g.JSON(r.Status, success{Success: true, Message: r.Message, Data: data, Meta: meta})
		return
	}
	if r.csv && wantsCSV(g.Request) {
		s.writeCSV(g, r, answer)
		return
	}
	if r.Flat {
		g.JSON(r.Status, answer)
		return
	}
	if v := reflect.ValueOf(answer); v.Kind() == reflect.Slice && v.IsNil() {
		answer = []struct{}{}
	}
	g.JSON(r.Status, success{Success: true, Message: r.Message, Data: answer})
}

// ShownOnce is an answer with secrets in it. The repetition of the request
// with the same Idempotency-Key is answered without them.
type ShownOnce interface {
	WithoutSecrets() any
}

// responder is an answer that is not one JSON value.
type responder interface {
	respond(s *Server, g *gin.Context, r *Route)
}
