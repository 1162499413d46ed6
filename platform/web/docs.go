package web

import (
	"github.com/gin-gonic/gin"
	"github.com/swaggest/swgui/v5emb"
)

var docsPage = v5emb.New("Parley", "/openapi.json", "/docs")

// serveDocs shows the OpenAPI document in Swagger UI, whose files are part of
// the binary: the page works without the internet.
func serveDocs(g *gin.Context) { docsPage.ServeHTTP(g.Writer, g.Request) }
