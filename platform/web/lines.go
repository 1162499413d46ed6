package web

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strconv"

	"github.com/gin-gonic/gin"
)

// LinesType is the media type of an answer with one JSON value on each line.
const LinesType = "application/x-ndjson"

// WantsLines reports whether an Accept header asks for LinesType.
func WantsLines(accept string) bool {
	return Accepts(accept, LinesType, "application/jsonl", "application/ndjson")
}

// Lines are values that are answered one on each line, without an envelope, for
// programs that follow a feed.
type Lines[T any] struct {
	Items []T
	// Position is where to go on; the answer says so in X-Next-Position.
	Position int64
}

const positionHeader = "X-Next-Position"

// ListOrLines is a list, or lines when those are there.
type ListOrLines[T any] struct {
	List  List[T]
	Lines *Lines[T]
}

func (l ListOrLines[T]) respond(s *Server, g *gin.Context, r *Route) {
	if l.Lines == nil {
		data, meta := l.List.envelope()
		if list, ok := meta.(interface{ listed() *Meta }); ok {
			list.listed().tag(r.binding.tag)
		}
		g.JSON(r.Status, success{Success: true, Message: r.Message, Data: data, Meta: meta})
		return
	}
	h := g.Writer.Header()
	h.Set("Content-Type", LinesType)
	h.Set(positionHeader, strconv.FormatInt(l.Lines.Position, 10))
	g.Status(http.StatusOK)
	out := json.NewEncoder(g.Writer)
	out.SetEscapeHTML(false)
	for _, item := range l.Lines.Items {
		if err := out.Encode(item); err != nil {
			s.config.Log.DebugContext(g.Request.Context(), "lines broken off", "error", err)
			return
		}
	}
	g.Writer.WriteHeaderNow()
}

func (ListOrLines[T]) shape() (data, meta reflect.Type) { return List[T]{}.shape() }

func (ListOrLines[T]) alwaysMeta() {}

func (ListOrLines[T]) mayBeLines() {}
