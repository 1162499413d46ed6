package web

import (
	"reflect"

	"github.com/gin-gonic/gin"
)

// Either is an answer in one of two forms: JSON data, or a stream.
type Either[T any] struct {
	Data   T
	Stream *EventStream
	// Replayed marks the stored answer of an earlier request.
	Replayed bool
}

func (e Either[T]) respond(s *Server, g *gin.Context, r *Route) {
	if e.Replayed {
		g.Header(replayedHeader, "true")
	}
	if e.Stream != nil {
		e.Stream.respond(s, g, r)
		return
	}
	g.JSON(r.Status, success{Success: true, Message: r.Message, Data: e.Data})
}

func (Either[T]) shape() (data, meta reflect.Type) { return reflect.TypeFor[T](), nil }

func (Either[T]) mayStream() {}
