package openapi

import (
	"net/http"

	"github.com/swaggest/swgui/v5emb"
)

// Page shows the document that is served at the URL document in Swagger UI,
// whose files are part of the binary: the page works without the internet.
// It is to be served at the path at and at everything below.
func Page(document, at string) http.Handler { return v5emb.New(title, document, at) }
