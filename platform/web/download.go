package web

import (
	"io"
	"mime"
	"net/http"

	"github.com/gin-gonic/gin"
)

// Download is an answer in the bytes of a stored file.
type Download struct {
	Name string
	Type string
	Size int64
	Body io.ReadCloser
}

func (d Download) respond(s *Server, g *gin.Context, _ *Route) {
	defer d.Body.Close()
	h := g.Writer.Header()
	// An attachment in a sandbox: a stored page never runs in our origin.
	h.Set("Content-Disposition", contentDisposition(d.Name))
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	g.DataFromReader(http.StatusOK, d.Size, d.Type, d.Body, nil)
}

func contentDisposition(name string) string {
	return mime.FormatMediaType("attachment", map[string]string{"filename": name})
}
