package httpv1

import (
	_ "embed" // the page

	"parley/platform/web"
)

//go:embed account.html
var account string

// Pages are what people open from a mail.
func (a *API) Pages() []web.Page {
	return []web.Page{{Path: "/account", HTML: account}}
}
